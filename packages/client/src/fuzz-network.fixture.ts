import type { FakeServer } from './testing/fake-server.ts';
import { FakeSocket } from './testing/fake-socket.ts';
import type { ManualClock } from './testing/manual-clock.ts';
import type { ServerFrame } from './wire.ts';

/** What becomes of the next requests: slow, refused with advice, or done without an answer. */
export type Weather = { readonly kind: 'slow' | 'refused' | 'lost'; readonly ms: number; readonly status: number };

type Seen = { readonly socket: FuzzSocket; readonly openedAtMs: number; readyAtMs: number | undefined };

/** A socket that may freeze: nothing arrives any more, and nobody is told. */
export class FuzzSocket extends FakeSocket {
  isFrozen = false;

  override push(frame: ServerFrame | { readonly type: string }, isLost = false): void {
    super.push(frame, isLost || this.isFrozen);
  }
}

/**
 * Everything between a client and a fake server that can go wrong in time. It watches what the client may never do: two
 * connections for longer than a handover, an attempt without an end, a request before the server allows it, too much at once.
 */
export class FuzzNetwork {
  readonly #server: FakeServer;
  readonly #clock: ManualClock;
  readonly #random: () => number;
  readonly #seen: Seen[] = [];
  readonly #weather: Weather[] = [];
  readonly #notBefore = new Map<string, number>();
  readonly broken: string[] = [];
  /** How the next sockets begin; the last entry stays. */
  greeting: 'now' | 'late' | 'never' = 'now';
  mayResume = true;
  /** The heads check finds nothing: then every other way has to. */
  isBlind = false;
  isConnected: () => boolean = () => true;
  inFlight = 0;
  mostInFlight = 0;

  constructor(server: FakeServer, clock: ManualClock, random: () => number) {
    this.#server = server;
    this.#clock = clock;
    this.#random = random;
    server.isHolding = true;
  }

  get open(): readonly FuzzSocket[] {
    return this.#seen.map(({ socket }) => socket).filter(({ isOpen }) => isOpen);
  }

  /** For the next requests, one each. */
  foresee(weather: readonly Weather[]): void {
    this.#weather.push(...weather);
  }

  /** The app connects by itself: then it need not wait for what a ticket's refusal advised. */
  allowTicket(): void {
    this.#notBefore.delete('POST /v1/tickets');
  }

  /** From now on the network is as it should be. What is frozen stays so: the client has to notice. */
  heal(): void {
    this.#weather.length = 0;
    this.greeting = 'now';
    this.mayResume = true;
    this.#server.lose = () => false;
  }

  /** As a shard does: the true count, and the place up to which everything was handed over. */
  heartbeat(): void {
    const pos = String(this.#server.model.commit);
    for (const { socket, readyAtMs } of this.#seen) {
      if (readyAtMs !== undefined && socket.isOpen) socket.push({ type: 'heartbeat', sent: socket.sent, pos });
    }
  }

  readonly fetch: typeof fetch = async (input, init) => {
    const { pathname } = new URL(String(input));
    const route = `${init?.method} ${pathname}`;
    if (this.#clock.nowMs() < (this.#notBefore.get(route) ?? 0)) this.broken.push(`${route} came before the server allows it`);
    this.#notBefore.delete(route);
    // A page of history is asked for by the app.
    const isOwn = init?.method === 'GET' && !String(input).includes('before_seq');
    if (isOwn && !this.isConnected()) this.broken.push(`${route} without a connection`);
    this.inFlight += 1;
    this.mostInFlight = Math.max(this.mostInFlight, this.inFlight);
    try {
      return await this.#answer(route, input, init);
    } finally {
      this.inFlight -= 1;
    }
  };

  async #answer(route: string, ...request: Parameters<typeof fetch>): Promise<Response> {
    const weather = this.#weather.shift();
    if (weather?.kind === 'refused') return this.#refuse(route, weather);
    const pass = async () => weather?.kind === 'slow' && this.#pass(weather.ms / 2, request[1]?.signal);
    await pass();
    const answer = this.isBlind && route === 'GET /v1/heads' ? this.#nothing(request[0]) : await this.#server.fetch(...request);
    // Computed before, old by now.
    await pass();
    if (weather?.kind === 'lost') throw new TypeError('fetch failed');
    return answer;
  }

  #nothing(input: Parameters<typeof fetch>[0]): Response {
    const next_cursor = new URL(String(input)).searchParams.get('cursor');
    return Response.json({ heads: [], next_cursor, has_more: false, too_long: false });
  }

  /** Advice holds for what the client repeats by itself, whatever its connections do meanwhile. */
  #refuse(route: string, { status, ms }: Weather): Response {
    const seconds = Math.ceil(ms / 1_000);
    if (/ \/v1\/tickets$|^POST .*\/messages$/.test(route)) this.#notBefore.set(route, this.#clock.nowMs() + 1_000 * seconds);
    return new Response('{}', { status, headers: { 'retry-after': String(seconds) } });
  }

  #pass(ms: number, signal: AbortSignal | null | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      const cancel = this.#clock.after(ms, resolve);
      const onAbort = () => {
        cancel();
        reject(signal?.reason);
      };
      signal?.addEventListener('abort', onAbort, { once: true });
    });
  }

  /** The constructor of sockets that are greeted as the weather is. */
  get WebSocket() {
    const network = this;
    return class extends FuzzSocket {
      constructor(url: string, protocols: readonly string[]) {
        super(url, protocols, () => undefined);
        network.#accept(this);
      }
    };
  }

  #accept(socket: FuzzSocket): void {
    const seen: Seen = { socket, openedAtMs: this.#clock.nowMs(), readyAtMs: undefined };
    this.#seen.push(seen);
    this.#server.sockets.push(socket);
    if (this.greeting === 'never') return;
    this.#clock.after(this.greeting === 'late' ? 12_000 * this.#random() : 5, () => this.#greet(seen));
  }

  /** `resumed` is a promise: everything since the position comes again. */
  #greet(seen: Seen): void {
    const { socket } = seen;
    if (!socket.isOpen || socket.isFrozen) return;
    const pos = new URL(socket.url).searchParams.get('resume');
    const isResumed = pos !== null && this.mayResume && this.#random() < 0.7;
    seen.readyAtMs = this.#clock.nowMs();
    this.#server.ready = { resumed: isResumed };
    this.#server.release(socket);
    if (isResumed) for (const event of this.#server.model.sync(Number(pos)).events) socket.push(event);
  }

  /** What must hold whenever nothing runs. */
  check(): void {
    const nowMs = this.#clock.nowMs();
    const open = this.#seen.filter(({ socket }) => socket.isOpen);
    const newestReadyMs = Math.max(0, ...open.map(({ readyAtMs = 0 }) => readyAtMs));
    for (const { openedAtMs, readyAtMs } of open) {
      if (readyAtMs === undefined && nowMs - openedAtMs > 10_000) this.broken.push('an attempt without an end');
      if (readyAtMs !== undefined && readyAtMs < newestReadyMs && nowMs - newestReadyMs > 5_000) this.broken.push('two connections');
    }
    if (this.#clock.waiting > 60) this.broken.push(`${this.#clock.waiting} timers`);
    if (this.inFlight > 12) this.broken.push(`${this.inFlight} requests at once`);
  }
}
