import type { Clock, WebSocketConstructor, WebSocketLike } from '@carillon/client';
import type { WireLog } from './wire-log.ts';

type CloseEvent = { readonly code: number; readonly reason: string };
type Listeners = {
  readonly message: Set<(event: { data: unknown }) => void>;
  readonly close: Set<(event: CloseEvent) => void>;
  readonly error: Set<() => void>;
};

const loseEvery = 3;

/** One tab's sockets: each frame is logged, and two faults lie between the network and the SDK, which knows nothing of them. */
export class WatchedSockets {
  readonly #log: WireLog;
  readonly #clock: Clock;
  readonly #Socket: typeof WebSocket;
  readonly #open = new Set<{ cut(): void }>();
  #losesUntilMs = 0;
  #frames = 0;
  /** For the SDK. */
  readonly WebSocket: WebSocketConstructor;

  constructor(log: WireLog, clock: Clock, Socket = globalThis.WebSocket) {
    this.#Socket = Socket;
    this.#log = log;
    this.#clock = clock;
    const watch = (url: string, protocols: string[]) => this.#watch(url, protocols);
    // The SDK calls it with `new`; what a constructor returns is what it gets.
    this.WebSocket = function WatchedSocket(url: string, protocols: string[]) {
      return watch(url, protocols);
    } as unknown as WebSocketConstructor;
  }

  /** Ends what is open as a network does: no close frame is seen. */
  cut(): void {
    for (const socket of [...this.#open]) socket.cut();
  }

  /** Every third frame but `ready` is lost, for so long. */
  loseFrames(ms: number): void {
    this.#frames = 0;
    this.#losesUntilMs = this.#clock.nowMs() + ms;
  }

  #watch(url: string, protocols: string[]): WebSocketLike {
    const socket = new this.#Socket(url, protocols);
    const listeners: Listeners = { message: new Set(), close: new Set(), error: new Set() };
    const life = { isOver: false, cut: () => end({ code: 1006, reason: '' }) };
    const end = (event: CloseEvent) => {
      if (life.isOver) return;
      life.isOver = true;
      this.#open.delete(life);
      for (const listener of listeners.close) listener(event);
      socket.close();
    };
    this.#open.add(life);
    socket.addEventListener('open', () => this.#log.connected());
    socket.addEventListener('message', ({ data }) => {
      if (!life.isOver && this.#takes(String(data))) for (const listener of listeners.message) listener({ data });
    });
    socket.addEventListener('error', () => {
      for (const listener of listeners.error) listener();
    });
    socket.addEventListener('close', end);
    return {
      send: (text) => {
        this.#log.frame('out', text);
        socket.send(text);
      },
      close: (code, reason) => socket.close(code, reason),
      addEventListener: (type: keyof Listeners, listener: never) => void listeners[type].add(listener),
    };
  }

  #takes(text: string): boolean {
    const isLosing = this.#clock.nowMs() < this.#losesUntilMs && !text.startsWith('{"type":"ready"');
    if (isLosing) this.#frames += 1;
    const isLost = isLosing && this.#frames % loseEvery === 0;
    this.#log.frame(isLost ? 'lost' : 'in', text);
    return !isLost;
  }
}
