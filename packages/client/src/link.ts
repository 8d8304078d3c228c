import type { Clock } from './clock.ts';
import type { ClientFrame, HeartbeatFrame, ReadyFrame, ServerFrame } from './wire.ts';

/** What the SDK uses of a WebSocket: the browser's own, Node's (22 and later), or that of the package `ws`. */
export type WebSocketLike = {
  send(text: string): void;
  close(code?: number, reason?: string): void;
  addEventListener(type: 'message', listener: (event: { data: unknown }) => void): void;
  addEventListener(type: 'close', listener: (event: { code: number; reason: string }) => void): void;
  addEventListener(type: 'error', listener: () => void): void;
};
export type WebSocketConstructor = new (url: string, protocols: string[]) => WebSocketLike;

/** How a link ended. 1006 stands for every end without a close frame, also one that this side decided. */
export type LinkEnd = { readonly code: number; readonly reason: string };

/** What a link tells its owner. Nothing is told after `closed`. */
export type LinkListener = {
  ready(frame: ReadyFrame): void;
  /** Every frame but `ready`, `heartbeat` and `pong`. */
  frame(frame: ServerFrame): void;
  /** Fewer or more frames came than were sent: something is lost [C6]. */
  miscounted(): void;
  closed(end: LinkEnd): void;
};

type LinkOptions = {
  readonly WebSocket: WebSocketConstructor;
  readonly clock: Clock;
  readonly url: string;
  readonly ticket: string;
  readonly resume: string | undefined;
  readonly listener: LinkListener;
};

const readyTimeoutMs = 10_000;
const probeTimeoutMs = 5_000;

/**
 * One WebSocket, from opening to its end: the handshake's deadline, the frame count, the heartbeats. It knows nothing of
 * reconnecting. States: opening → ready → closed.
 */
export class Link {
  readonly #options: LinkOptions;
  readonly #socket: WebSocketLike;
  #state: 'opening' | 'ready' | 'closed' = 'opening';
  #heartbeatMs = 0;
  #received = 0;
  #cancelDeadline: () => void;
  /** The last resume position that the shard told. */
  pos: string | undefined;

  constructor(options: LinkOptions) {
    this.#options = options;
    const query = options.resume === undefined ? '' : `?resume=${encodeURIComponent(options.resume)}`;
    this.#socket = new options.WebSocket(`${options.url}/v1/ws${query}`, ['carillon.v1', `ticket.${options.ticket}`]);
    this.#socket.addEventListener('message', (event) => this.#take(event.data));
    this.#socket.addEventListener('close', ({ code, reason }) => this.#end({ code, reason }));
    // What went wrong comes with `close`; but unheard, it would end a Node process.
    this.#socket.addEventListener('error', () => undefined);
    this.#cancelDeadline = options.clock.after(readyTimeoutMs, () => this.#fail('no ready'));
  }

  send(frame: ClientFrame): void {
    if (this.#state === 'ready') this.#socket.send(JSON.stringify(frame));
  }

  /** Asks for a sign of life: ends the link when none comes within 5 s. */
  probe(): void {
    if (this.#state !== 'ready') return;
    this.send({ type: 'ping' });
    this.#expectSign(probeTimeoutMs);
  }

  /** Ends the link; its owner is not told. */
  close(): void {
    if (this.#state === 'closed') return;
    this.#state = 'closed';
    this.#cancelDeadline();
    this.#socket.close(1000);
  }

  #take(data: unknown): void {
    if (this.#state === 'closed') return;
    const frame = parseFrame(data);
    if (this.#state === 'opening') {
      if (frame?.type === 'ready') this.#begin(frame);
      return;
    }
    this.#expectSign(2 * this.#heartbeatMs);
    if (frame?.type === 'heartbeat') this.#compare(frame);
    else if (frame?.type !== 'pong') {
      // Counted as the shard counts: whatever it sent, known or not [P3].
      this.#received += 1;
      if (frame !== null) this.#options.listener.frame(frame);
    }
  }

  #begin(frame: ReadyFrame): void {
    this.#state = 'ready';
    this.#heartbeatMs = frame.heartbeat_ms;
    this.#expectSign(2 * this.#heartbeatMs);
    this.#options.listener.ready(frame);
  }

  #compare(frame: HeartbeatFrame): void {
    const isRight = frame.sent === this.#received;
    this.#received = frame.sent;
    if (!isRight) this.#options.listener.miscounted();
    this.pos = frame.pos ?? this.pos;
  }

  /** Two heartbeats that do not come are a dead connection; a little time more is for the network. */
  #expectSign(withinMs: number): void {
    this.#cancelDeadline();
    this.#cancelDeadline = this.#options.clock.after(withinMs + 1_000, () => this.#fail('silent'));
  }

  #fail(reason: string): void {
    this.#socket.close();
    this.#end({ code: 1006, reason });
  }

  #end(end: LinkEnd): void {
    if (this.#state === 'closed') return;
    this.#state = 'closed';
    this.#cancelDeadline();
    this.#options.listener.closed(end);
  }
}

/** Null for what is no frame. Its fields are trusted: the types are the server's [P6]. */
function parseFrame(data: unknown): ServerFrame | null {
  try {
    return JSON.parse(String(data)) as ServerFrame | null;
  } catch {
    return null;
  }
}
