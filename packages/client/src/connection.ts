import { backoffMs, type Clock } from './clock.ts';
import { ApiError } from './http.ts';
import { Link, type LinkEnd, type LinkListener, type WebSocketConstructor } from './link.ts';
import type { ReadyFrame, ReconnectFrame, ServerFrame, Ticket } from './wire.ts';

/** Why the SDK gave up: it stays so until `connect()` is called again. */
export type ClosedReason = 'closed_by_app' | 'unauthenticated' | 'forbidden' | { readonly code: number; readonly reason: string };

export type ConnectionState =
  | { readonly kind: 'idle' }
  | { readonly kind: 'connecting'; readonly attempt: number }
  | { readonly kind: 'syncing'; readonly shardId: string }
  | { readonly kind: 'live'; readonly shardId: string; readonly isDegraded: boolean }
  | { readonly kind: 'waiting'; readonly untilMs: number; readonly attempt: number }
  | { readonly kind: 'closed'; readonly reason: ClosedReason };

/** What the connection tells its owner. */
type ConnectionListener = {
  changed(state: ConnectionState): void;
  /** Registered: take snapshots from now on. Answered with `synced()`. */
  ready(frame: ReadyFrame): void;
  /** A successor took over; the old connection is read no more: check heads. */
  handedOver(): void;
  /** No connection any more: requests are pointless. */
  lost(): void;
  frame(frame: ServerFrame): void;
  /** Frames are missing: sync [C6]. */
  miscounted(): void;
  /** The tab is looked at, or the network is back, while connected. */
  woken(): void;
};

export type ConnectionOptions = {
  readonly WebSocket: WebSocketConstructor;
  readonly clock: Clock;
  readonly random: () => number;
  readonly getTicket: (options: { avoidShardId: string | undefined; signal: AbortSignal }) => Promise<Ticket>;
  readonly listener: ConnectionListener;
};

export type ConnectionStats = {
  readonly rttMs: number | undefined;
  readonly connects: number;
  readonly resumes: number;
  readonly lastCloseCode: number | undefined;
};

const ticketTimeoutMs = 10_000;
const stableAfterMs = 60_000;
const overlapMs = 5_000;
const overloadedMs = 5_000;

/**
 * Keeps one user connected: a ticket anew for each attempt, full jitter that the server's advice overrides, close codes by their
 * range, the credential renewed in band, and make before break on `reconnect` [C8].
 */
export class Connection {
  readonly #options: ConnectionOptions;
  #state: ConnectionState = { kind: 'idle' };
  #link: Link | undefined;
  /** The one that takes over, from its opening to its `ready`. */
  #successor: Link | undefined;
  #predecessors = new Set<Link>();
  /** One life of an attempt: what belongs to an earlier one is ignored. */
  #attempt = new AbortController();
  #failures = 0;
  #connectedAtMs = 0;
  #notBeforeMs = 0;
  #avoidShardId: string | undefined;
  #pos: string | undefined;
  #cancelTimer: () => void = () => undefined;
  #cancelAuth: () => void = () => undefined;
  #cancelHandover: () => void = () => undefined;
  #rttMs: number | undefined;
  #connects = 0;
  #resumes = 0;
  #lastCloseCode: number | undefined;

  constructor(options: ConnectionOptions) {
    this.#options = options;
  }

  get state(): ConnectionState {
    return this.#state;
  }

  get stats(): ConnectionStats {
    return { rttMs: this.#rttMs, connects: this.#connects, resumes: this.#resumes, lastCloseCode: this.#lastCloseCode };
  }

  /** From `idle` and `closed` only; elsewhere a connection is on its way already. */
  connect(): void {
    if (this.#state.kind !== 'idle' && this.#state.kind !== 'closed') return;
    this.#failures = 0;
    this.#notBeforeMs = 0;
    this.#open();
  }

  close(reason: ClosedReason = 'closed_by_app'): void {
    if (this.#state.kind === 'closed') return;
    this.#drop();
    this.#set({ kind: 'closed', reason });
    this.#options.listener.lost();
  }

  /** The owner has caught up. */
  synced(): void {
    if (this.#state.kind === 'syncing') this.#set({ kind: 'live', shardId: this.#state.shardId, isDegraded: false });
  }

  degraded(isDegraded: boolean): void {
    if (this.#state.kind === 'live' && this.#state.isDegraded !== isDegraded) this.#set({ ...this.#state, isDegraded });
  }

  /** The network is back, or the user looks: try at once, but never before the server allows it; a live connection is probed. */
  wake(): void {
    if (this.#state.kind === 'waiting' && this.#options.clock.nowMs() >= this.#notBeforeMs) this.#open();
    if (this.#state.kind !== 'live') return;
    this.#link?.probe();
    this.#options.listener.woken();
  }

  #set(state: ConnectionState): void {
    this.#state = state;
    this.#options.listener.changed(state);
  }

  #open(): void {
    this.#cancelTimer();
    this.#set({ kind: 'connecting', attempt: this.#failures });
    void this.#fetchTicket().then((ticket) => {
      if (ticket === undefined) return;
      this.#link = this.#openLink(ticket.url, ticket.ticket, {
        ready: (link, frame) => this.#begin(link, frame),
        failed: (end) => this.#fail(end, ticket.shard_id),
      });
    });
  }

  /** Undefined when the attempt is over: closed, or waiting for the next one. Never rejects. */
  async #fetchTicket(): Promise<Ticket | undefined> {
    this.#attempt.abort();
    const attempt = new AbortController();
    this.#attempt = attempt;
    const cancel = this.#options.clock.after(ticketTimeoutMs, () => attempt.abort(new Error('no ticket within 10 s')));
    try {
      const ticket = await this.#options.getTicket({ avoidShardId: this.#avoidShardId, signal: attempt.signal });
      return this.#attempt === attempt && !attempt.signal.aborted ? ticket : undefined;
    } catch (error) {
      if (this.#attempt === attempt) this.#refuse(error);
      return undefined;
    } finally {
      cancel();
    }
  }

  #refuse(error: unknown): void {
    const status = error instanceof ApiError ? error.status : 0;
    if (status === 401) this.close('unauthenticated');
    else if (status === 403) this.close('forbidden');
    else this.#wait(error instanceof ApiError ? error.retryAfterMs : 0);
  }

  /** What every link has in common; `on` is what it means to the one that opened it. */
  #openLink(url: string, ticket: string, on: { ready(link: Link, frame: ReadyFrame): void; failed(end: LinkEnd): void }): Link {
    const { WebSocket, clock, listener } = this.#options;
    let wasReady = false;
    const linkListener: LinkListener = {
      ready: (frame) => {
        wasReady = true;
        this.#connects += 1;
        if (frame.resumed) this.#resumes += 1;
        on.ready(link, frame);
      },
      frame: (frame) => this.#take(link, frame),
      heartbeat: ({ pos }) => {
        if (link === this.#link) this.#pos = pos ?? this.#pos;
      },
      miscounted: () => listener.miscounted(),
      roundTrip: (ms) => {
        this.#rttMs = ms;
      },
      closed: (end) => {
        this.#lastCloseCode = end.code;
        if (this.#predecessors.delete(link)) return;
        if (wasReady) this.#end(link, end);
        else on.failed(end);
      },
    };
    const link = new Link({ WebSocket, clock, url, ticket, resume: this.#pos, listener: linkListener });
    return link;
  }

  #begin(link: Link, frame: ReadyFrame): void {
    this.#follow(link, frame);
    this.#set({ kind: 'syncing', shardId: frame.shard_id });
    this.#options.listener.ready(frame);
  }

  #follow(link: Link, frame: ReadyFrame): void {
    this.#link = link;
    this.#avoidShardId = undefined;
    this.#connectedAtMs = this.#options.clock.nowMs();
    this.#renewBefore(Date.parse(frame.expires_at));
  }

  #take(link: Link, frame: ServerFrame): void {
    if (frame.type === 'authenticated') {
      if (link === this.#link) this.#renewBefore(Date.parse(frame.expires_at));
    } else if (frame.type === 'reconnect') {
      if (link === this.#link) this.#planHandover(frame);
    } else this.#options.listener.frame(frame);
  }

  /** Opens the successor when the server says so; the old connection is read meanwhile. */
  #planHandover({ url, ticket, not_before_ms }: ReconnectFrame): void {
    this.#cancelHandover();
    this.#cancelHandover = this.#options.clock.after(not_before_ms, () => this.#openSuccessor(url, ticket));
  }

  #openSuccessor(url: string, ticket: string): void {
    this.#successor?.close();
    this.#successor = this.#openLink(url, ticket, {
      ready: (link, frame) => this.#handOver(link, frame),
      // The old one's end leads to a connection of its own; until then it serves.
      failed: () => {
        this.#successor = undefined;
        if (this.#link === undefined) this.#wait(0);
      },
    });
  }

  #handOver(link: Link, frame: ReadyFrame): void {
    const { clock, listener } = this.#options;
    const old = this.#link;
    this.#successor = undefined;
    if (old === undefined) {
      this.#begin(link, frame);
      return;
    }
    this.#predecessors.add(old);
    this.#follow(link, frame);
    if (this.#state.kind === 'live') this.#set({ kind: 'live', shardId: frame.shard_id, isDegraded: frame.degraded });
    clock.after(overlapMs, () => {
      if (this.#predecessors.delete(old)) old.close();
      if (this.#link === link) listener.handedOver();
    });
  }

  /** Before the credential ends a fresh one is presented on the same connection. */
  #renewBefore(expiresAtMs: number): void {
    const { clock } = this.#options;
    const leftMs = expiresAtMs - clock.nowMs();
    this.#cancelAuth();
    if (Number.isNaN(leftMs)) return;
    // A timer's longest time is 2^31 ms; whoever lives that long is asked again.
    const inMs = Math.min(Math.max(leftMs - Math.min(60_000, leftMs / 2), 1_000), 24 * 3_600_000);
    this.#cancelAuth = clock.after(inMs, () => void this.#renew(expiresAtMs));
  }

  async #renew(expiresAtMs: number): Promise<void> {
    const link = this.#link;
    const { clock, getTicket } = this.#options;
    if (link === undefined) return;
    if (expiresAtMs - clock.nowMs() > 3_600_000) return this.#renewBefore(expiresAtMs);
    try {
      const { ticket } = await getTicket({ avoidShardId: undefined, signal: this.#attempt.signal });
      if (link === this.#link) link.send({ type: 'auth', token: ticket });
    } catch {
      // Tried again while there is time; then the shard closes with 4001, and a new connection asks for its own ticket.
      if (link === this.#link && expiresAtMs > clock.nowMs()) this.#renewBefore(expiresAtMs);
    }
  }

  /** An attempt failed before `ready`: next time another shard. */
  #fail(end: LinkEnd, shardId: string): void {
    this.#link = undefined;
    this.#avoidShardId = shardId;
    this.#leave(end);
  }

  /** A connection ended. Its successor, if it is on its way, becomes the connection. */
  #end(link: Link, end: LinkEnd): void {
    if (link !== this.#link) return;
    const { clock, listener } = this.#options;
    if (clock.nowMs() - this.#connectedAtMs >= stableAfterMs) this.#failures = 0;
    this.#link = undefined;
    this.#cancelAuth();
    this.#cancelHandover();
    listener.lost();
    if (this.#successor === undefined || !mayReconnect(end.code)) this.#leave(end);
    else this.#set({ kind: 'connecting', attempt: this.#failures });
  }

  #leave(end: LinkEnd): void {
    if (mayReconnect(end.code)) this.#wait(end.code === 4004 ? overloadedMs : 0);
    else this.close(end);
  }

  #wait(atLeastMs: number): void {
    const { clock, random } = this.#options;
    const delayMs = Math.max(backoffMs(this.#failures, random), atLeastMs);
    this.#failures += 1;
    this.#notBeforeMs = clock.nowMs() + atLeastMs;
    this.#cancelTimer();
    this.#cancelTimer = clock.after(delayMs, () => this.#open());
    this.#set({ kind: 'waiting', untilMs: clock.nowMs() + delayMs, attempt: this.#failures });
  }

  #drop(): void {
    for (const link of [this.#link, this.#successor, ...this.#predecessors]) link?.close();
    this.#predecessors.clear();
    this.#link = undefined;
    this.#successor = undefined;
    this.#attempt.abort();
    this.#cancelTimer();
    this.#cancelAuth();
    this.#cancelHandover();
  }
}

/** The range is the contract [P5]: 4500–4999, 1008 and 1009 mean stop; all else is a cut, or says when to come back. */
export function mayReconnect(code: number): boolean {
  return !(code >= 4500 && code <= 4999) && code !== 1008 && code !== 1009;
}
