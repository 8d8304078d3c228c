import type { ServerFrame } from '../wire.ts';

type Listeners = {
  message: (event: { data: unknown }) => void;
  close: (event: { code: number; reason: string }) => void;
  error: () => void;
};

/** One end of a connection in memory: the client sees a WebSocket, the test the server's side of it. */
export class FakeSocket {
  readonly url: string;
  readonly protocols: readonly string[];
  /** What the client sent, parsed. */
  readonly received: { type: string; [field: string]: unknown }[] = [];
  readonly #listeners: { [K in keyof Listeners]: Set<Listeners[K]> } = { message: new Set(), close: new Set(), error: new Set() };
  readonly #onClose: (socket: FakeSocket) => void;
  isOpen = true;
  /** Frames handed over since `ready`, as a shard counts them. */
  sent = 0;

  constructor(url: string, protocols: readonly string[], onClose: (socket: FakeSocket) => void) {
    this.url = url;
    this.protocols = protocols;
    this.#onClose = onClose;
  }

  addEventListener<K extends keyof Listeners>(type: K, listener: Listeners[K]): void {
    this.#listeners[type].add(listener);
  }

  send(text: string): void {
    this.received.push(JSON.parse(text));
  }

  close(code = 1005): void {
    this.cut(code);
  }

  /** The server's side: hands a frame over. `isLost`: counted, but it never arrives. */
  push(frame: ServerFrame | { readonly type: string }, isLost = false): void {
    if (frame.type === 'ready') this.sent = 0;
    else if (frame.type !== 'heartbeat' && frame.type !== 'pong') this.sent += 1;
    if (isLost || !this.isOpen) return;
    const data = JSON.stringify(frame);
    for (const listener of this.#listeners.message) listener({ data });
  }

  /** Ends the connection, for both sides. */
  cut(code = 1006, reason = ''): void {
    if (!this.isOpen) return;
    this.isOpen = false;
    this.#onClose(this);
    queueMicrotask(() => {
      for (const listener of this.#listeners.close) listener({ code, reason });
    });
  }
}
