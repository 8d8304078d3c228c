import { backoffMs, type Clock, within } from './clock.ts';
import { ApiError, retryAfterMsOf } from './http.ts';
import { Link, type LinkEnd, type LinkListener, type WebSocketConstructor } from './link.ts';
import type { ReadyFrame, ReconnectFrame, ServerFrame, Ticket } from './wire.ts';

/** Why the SDK gave up: it stays so until `connect()` is called again. */
export type ClosedReason =
  | 'closed_by_app'
  | 'unauthenticated'
  | 'forbidden'
  | 'another_user'
  | { readonly code: number; readonly reason: string };

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
  /** A successor took over. The old connection is read for some time yet. */
  succeeded(frame: ReadyFrame): void;
  /** The old connection is read no more: check heads. */
  handedOver(): void;
  /** No connection any more: requests are pointless. */
  lost(): void;
  frame(frame: ServerFrame): void;
  /** Frames are missing: sync [C6]. */
  miscounted(): void;
};

export type ConnectionOptions = {
  readonly WebSocket: WebSocketConstructor | undefined;
  readonly clock: Clock;
  readonly random: () => number;
  /** `isExpired`: the token behind the last ticket ends, so a ticket bought with it would be worth nothing. */
  readonly getTicket: (options: TicketOptions & { isExpired: boolean }) => Promise<Ticket>;
  readonly listener: ConnectionListener;
};

export type TicketOptions = { readonly avoidShardId: string | undefined; readonly signal: AbortSignal };

export type ConnectionStats = {
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
  /** Those that are read on, and how to stop waiting for their end. */
  readonly #predecessors = new Map<Link, () => void>();
  /** One life of an attempt: what belongs to an earlier one is ignored. */
  #attempt = new AbortController();
  #failures = 0;
  #connectedAtMs = 0;
  #notBeforeMs = 0;
  #avoidShardId: string | undefined;
  #isExpired = false;
  #pos: string | undefined;
  #cancelTimer: () => void = () => undefined;
  #cancelAuth: () => void = () => undefined;
  #cancelHandover: () => void = () => undefined;
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
    return { connects: this.#connects, resumes: this.#resumes, lastCloseCode: this.#lastCloseCode };
  }

  /** From `idle` and `closed` only; elsewhere a connection is on its way already. Throws where there is no WebSocket. */
  connect(): void {
    if (this.#state.kind !== 'idle' && this.#state.kind !== 'closed') return;
    this.#webSocket();
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
    this.#link?.probe();
  }

  #set(state: ConnectionState): void {
    this.#state = state;
    this.#options.listener.changed(state);
  }

  #open(): void {
    this.#cancelTimer();
    this.#attempt.abort();
    this.#attempt = new AbortController();
    this.#set({ kind: 'connecting', attempt: this.#failures });
    void this.#openWithTicket(this.#attempt.signal);
  }

  /** Never rejects. */
  async #openWithTicket(signal: AbortSignal): Promise<void> {
    const { clock, getTicket } = this.#options;
    try {
      const asked = getTicket({ avoidShardId: this.#avoidShardId, isExpired: this.#isExpired, signal });
      const { url, ticket, shard_id } = await within(clock, ticketTimeoutMs, asked);
      if (signal.aborted) return;
      this.#link = this.#openLink(url, ticket, {
        ready: (link, frame) => this.#begin(link, frame),
        failed: (end) => this.#fail(end, shard_id),
      });
    } catch (error) {
      if (!signal.aborted) this.#refuse(error);
    }
  }

  #refuse(error: unknown): void {
    const status = error instanceof ApiError ? error.status : 0;
    if (status === 401) this.close('unauthenticated');
    else if (status === 403) this.close('forbidden');
    else this.#wait(retryAfterMsOf(error));
  }

  /** What every link has in common; `on` is what it means to the one that opened it. */
  #openLink(url: string, ticket: string, on: { ready(link: Link, frame: ReadyFrame): void; failed(end: LinkEnd): void }): Link {
    const { clock, listener } = this.#options;
    let wasReady = false;
    const linkListener: LinkListener = {
      ready: (frame) => {
        wasReady = true;
        this.#connects += 1;
        if (frame.resumed) this.#resumes += 1;
        on.ready(link, frame);
      },
      frame: (frame) => this.#take(link, frame),
      miscounted: () => listener.miscounted(),
      closed: (end) => {
        this.#lastCloseCode = end.code;
        if (this.#predecessors.has(link)) this.#part(link);
        else if (wasReady) this.#end(link, end);
        else on.failed(end);
      },
    };
    this.#pos = this.#link?.pos ?? this.#pos;
    const link: Link = new Link({ WebSocket: this.#webSocket(), clock, url, ticket, resume: this.#pos, listener: linkListener });
    return link;
  }

  #webSocket(): WebSocketConstructor {
    const { WebSocket } = this.#options;
    if (WebSocket === undefined) throw new Error('no WebSocket');
    return WebSocket;
  }

  #begin(link: Link, frame: ReadyFrame): void {
    this.#follow(link, frame);
    this.#set({ kind: 'syncing', shardId: frame.shard_id });
    this.#options.listener.ready(frame);
  }

  #follow(link: Link, frame: ReadyFrame): void {
    this.#link = link;
    this.#avoidShardId = undefined;
    this.#isExpired = false;
    this.#connectedAtMs = this.#options.clock.nowMs();
    this.#renewBefore(Date.parse(frame.expires_at));
  }

  #take(link: Link, frame: ServerFrame): void {
    if (frame.type === 'authenticated') {
      if (link === this.#link) this.#renewBefore(Date.parse(frame.expires_at));
    } else if (frame.type === 'reconnect') {
      if (link === this.#link) this.#planHandover(frame);
    } else if (frame.type === 'resync' && link !== this.#link) {
      // How the old shard fares is not the new one's state, but something may have been missed.
      this.#options.listener.miscounted();
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
      failed: (end) => {
        this.#successor = undefined;
        if (this.#link === undefined) this.#leave(end);
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
    this.#predecessors.set(
      old,
      clock.after(overlapMs, () => this.#part(old)),
    );
    this.#follow(link, frame);
    if (this.#state.kind === 'live' || this.#state.kind === 'syncing') this.#set({ ...this.#state, shardId: frame.shard_id });
    listener.succeeded(frame);
  }

  #part(old: Link): void {
    this.#predecessors.get(old)?.();
    this.#predecessors.delete(old);
    old.close();
    this.#options.listener.handedOver();
  }

  /** Before the credential ends a fresh one is presented on the same connection. */
  #renewBefore(expiresAtMs: number): void {
    const { clock } = this.#options;
    const leftMs = expiresAtMs - clock.nowMs();
    this.#cancelAuth();
    const inMs = Math.max(leftMs - Math.min(60_000, leftMs / 2), 1_000);
    this.#cancelAuth = clock.after(inMs, () => void this.#renew(expiresAtMs));
  }

  async #renew(expiresAtMs: number): Promise<void> {
    const link = this.#link;
    const { clock, getTicket } = this.#options;
    if (link === undefined) return;
    // A timer has its longest time.
    if (expiresAtMs - clock.nowMs() > 3_600_000) return this.#renewBefore(expiresAtMs);
    try {
      const { ticket } = await getTicket({ avoidShardId: undefined, isExpired: true, signal: this.#attempt.signal });
      if (link === this.#link) link.send({ type: 'auth', token: ticket });
    } catch {
      // Tried again while there is time; then the shard closes with 4001, and a new connection asks for its own ticket.
      if (link === this.#link && expiresAtMs > clock.nowMs()) this.#renewBefore(expiresAtMs);
    }
  }

  /** An attempt failed before `ready`. After a second failure it is another shard's turn: a browser cannot see why. */
  #fail(end: LinkEnd, shardId: string): void {
    this.#link = undefined;
    if (this.#failures > 0) this.#avoidShardId = shardId;
    this.#leave(end);
  }

  /** A connection ended. Its successor, if it is on its way, becomes the connection. */
  #end(link: Link, end: LinkEnd): void {
    if (link !== this.#link) return;
    const { clock, listener } = this.#options;
    if (clock.nowMs() - this.#connectedAtMs >= stableAfterMs) this.#failures = 0;
    this.#pos = link.pos ?? this.#pos;
    this.#link = undefined;
    this.#cancelAuth();
    this.#cancelHandover();
    listener.lost();
    if (this.#successor === undefined || !mayReconnect(end.code)) this.#leave(end);
    else this.#set({ kind: 'connecting', attempt: this.#failures });
  }

  #leave(end: LinkEnd): void {
    this.#isExpired ||= end.code === 4001;
    if (mayReconnect(end.code)) this.#wait(end.code === 4004 || end.code === 1013 ? overloadedMs : 0);
    else this.close(end);
  }

  #wait(atLeastMs: number): void {
    const { clock, random } = this.#options;
    // The spread is on top: those that were told the same do not come at the same moment.
    const delayMs = atLeastMs + backoffMs(this.#failures, random);
    this.#failures += 1;
    this.#notBeforeMs = clock.nowMs() + atLeastMs;
    this.#cancelTimer();
    this.#cancelTimer = clock.after(delayMs, () => this.#open());
    this.#set({ kind: 'waiting', untilMs: clock.nowMs() + delayMs, attempt: this.#failures });
  }

  #drop(): void {
    for (const [old, cancel] of this.#predecessors) {
      cancel();
      old.close();
    }
    this.#predecessors.clear();
    this.#link?.close();
    this.#successor?.close();
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
