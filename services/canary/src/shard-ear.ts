import { WebSocket } from 'ws';
import { z } from 'zod';

const frameSchema = z.looseObject({
  type: z.string(),
  shard_id: z.string().optional(),
  data: z.looseObject({ message: z.looseObject({ text: z.string().nullable() }).optional() }).optional(),
});

const connectMs = 5_000;

/** One shard's connection, which hears what is published. States: open → closed; no way back. */
export class ShardEar implements Disposable {
  readonly #socket: WebSocket;
  readonly #heard = new Map<string, () => void>();
  shardId = '';

  private constructor(socket: WebSocket) {
    this.#socket = socket;
  }

  /** Resolves with `ready`; rejects with one sentence when it does not come within 5 s. */
  static async open(url: string, ticket: string): Promise<ShardEar> {
    const socket = new WebSocket(`${url}/v1/ws`, ['carillon.v1', `ticket.${ticket}`], { handshakeTimeout: connectMs });
    const ear = new ShardEar(socket);
    await new Promise<void>((resolve, reject) => {
      const timeout = AbortSignal.timeout(connectMs);
      const fail = (how: string) => {
        socket.terminate();
        reject(new Error(`${url} ${how}`));
      };
      timeout.addEventListener('abort', () => fail('is not ready in time'));
      socket.on('error', (error) => fail(`cannot be reached: ${error.message}`));
      socket.on('close', (code) => fail(`closed the connection with ${code}`));
      socket.on('message', (data) => ear.#take(String(data), resolve));
    });
    return ear;
  }

  get isOpen(): boolean {
    return this.#socket.readyState === WebSocket.OPEN;
  }

  /** Resolves when a message with this text arrives, or an older one was edited to it; rejects when the signal aborts. */
  hears(text: string, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const forget = () => {
        this.#heard.delete(text);
        reject(signal.reason);
      };
      signal.addEventListener('abort', forget, { once: true });
      this.#heard.set(text, () => {
        signal.removeEventListener('abort', forget);
        this.#heard.delete(text);
        resolve();
      });
    });
  }

  [Symbol.dispose](): void {
    this.#socket.terminate();
  }

  #take(text: string, onReady: () => void): void {
    const frame = frameSchema.parse(JSON.parse(text));
    if (frame.type === 'ready') {
      this.shardId = frame.shard_id ?? '';
      onReady();
    }
    this.#heard.get(frame.data?.message?.text ?? '')?.();
  }
}
