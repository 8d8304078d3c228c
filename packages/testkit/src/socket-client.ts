import { protocolVersion, type ServerFrame, serverFrameSchema, ticketPrefix } from '@carillon/protocol';
import { WebSocket } from 'ws';

export type Closed = { readonly code: number; readonly reason: string };

type SocketClientOptions = {
  readonly url: string;
  readonly protocols: readonly string[];
  readonly headers?: Record<string, string>;
  readonly onFrame?: (frame: ServerFrame) => void;
};

/**
 * A plain WebSocket client that keeps every frame it got, in order, each checked against the schema: a frame that the
 * contract does not know fails the test that reads it.
 */
export class SocketClient implements AsyncDisposable {
  readonly frames: ServerFrame[] = [];
  readonly #socket: WebSocket;
  readonly #closed: Promise<Closed>;
  readonly #onFrame: ((frame: ServerFrame) => void) | undefined;
  readonly #watchers = new Set<() => void>();
  #fault: Error | undefined;
  #close: Closed | undefined;

  constructor(options: SocketClientOptions) {
    this.#onFrame = options.onFrame;
    this.#socket = new WebSocket(`${options.url}/v1/ws`, [...options.protocols], {
      headers: options.headers ?? {},
      handshakeTimeout: 10_000,
    });
    this.#socket.on('message', (data) => this.#take(String(data)));
    this.#socket.on('error', (error) => this.#fail(error));
    this.#closed = new Promise((resolve) => {
      this.#socket.on('close', (code, reason) => {
        this.#close = { code, reason: String(reason) };
        resolve(this.#close);
        this.#wake();
      });
    });
  }

  /** Connects with a ticket and resolves with the client once `ready` came. */
  static async open(ticket: { url: string; ticket: string }, onFrame?: (frame: ServerFrame) => void): Promise<SocketClient> {
    const protocols = [protocolVersion, `${ticketPrefix}${ticket.ticket}`];
    const client = new SocketClient({ url: ticket.url, protocols, ...(onFrame === undefined ? {} : { onFrame }) });
    try {
      await client.frame((frame) => frame.type === 'ready', 'ready');
    } catch (error) {
      await client[Symbol.asyncDispose]();
      throw error;
    }
    return client;
  }

  get subprotocol(): string {
    return this.#socket.protocol;
  }

  send(frame: unknown): void {
    this.#socket.send(typeof frame === 'string' || Buffer.isBuffer(frame) ? frame : JSON.stringify(frame));
  }

  /** Stops and starts reading, as a client that hangs does. */
  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  /** The first frame, from the beginning, that fits; waits for it. */
  async frame<F extends ServerFrame = ServerFrame>(fits: (frame: ServerFrame) => boolean, what: string, deadlineMs = 15_000): Promise<F> {
    await this.until(() => this.frames.some(fits), what, deadlineMs);
    return this.frames.find(fits) as F;
  }

  /** Waits until the condition holds; it is looked at after every frame. */
  async until(holds: () => boolean, what: string, deadlineMs = 15_000): Promise<void> {
    const deadline = Date.now() + deadlineMs;
    while (!holds()) {
      if (this.#fault !== undefined) throw this.#fault;
      if (this.#close !== undefined) throw new Error(`closed with ${this.#close.code} ${this.#close.reason} while waiting for ${what}`);
      const left = deadline - Date.now();
      if (left <= 0) throw new Error(`no ${what} within ${deadlineMs} ms; got ${this.frames.map((frame) => frame.type).join(', ')}`);
      await this.#nextChange(left);
    }
  }

  /** Events of one chat, in the order they came. */
  events(chatId: string) {
    return this.frames.filter((frame) => frame.type === 'event').filter((event) => event.chat_id === chatId);
  }

  /** Says goodbye, as a client does that has no use for the connection any more. */
  close(): void {
    this.#socket.close(1000);
  }

  closed(): Promise<Closed> {
    return this.#closed;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#close === undefined) this.#socket.terminate();
    await this.#closed;
  }

  #take(text: string): void {
    const parsed = serverFrameSchema.safeParse(JSON.parse(text));
    if (parsed.success) {
      this.frames.push(parsed.data);
      this.#onFrame?.(parsed.data);
    } else this.#fault = new Error(`a frame against the contract: ${text}`, { cause: parsed.error });
    this.#wake();
  }

  #fail(error: Error): void {
    this.#fault ??= error;
    this.#wake();
  }

  #wake(): void {
    for (const watcher of this.#watchers) watcher();
    this.#watchers.clear();
  }

  #nextChange(withinMs: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, withinMs);
      this.#watchers.add(() => {
        clearTimeout(timer);
        resolve();
      });
    });
  }
}
