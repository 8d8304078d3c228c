import { type CloseName, closeCodes, type ServerFrame } from '@carillon/protocol';
import type { Clock, Failpoint } from '@carillon/runtime';
import type { RecentRecords } from '../consumer/recent-records.ts';
import type { ShardCounts } from '../metrics.ts';
import type { Socket } from '../transport/socket.ts';
import type { FlushList } from './flush-list.ts';
import { OutgoingFrame } from './outgoing-frame.ts';
import { SendQueue, type SendQueueOptions } from './send-queue.ts';
import { type TimerWheel, wheelTickMs } from './timer-wheel.ts';
import { TokenBucket } from './token-bucket.ts';

/** One for all connections of a shard. */
export type ConnectionParts = {
  readonly clock: Clock;
  readonly random: () => number;
  readonly counts: ShardCounts;
  readonly flushList: FlushList;
  readonly wheel: TimerWheel<Connection>;
  readonly recent: Pick<RecentRecords, 'starts' | 'positionOf'>;
  readonly heartbeatMs: number;
  readonly queue: SendQueueOptions;
  readonly failpoint?: Failpoint | undefined;
};

/** How long a connection may stay over its bound [D7]. */
const slowConsumerMs = 15_000;
/** Contract: 20 frames a second, burst 40. */
const framesPerSecond = 20;
const frameBurst = 40;

/**
 * One socket and whose it is. States: `authenticating` (no user yet) → `registering` (frames wait) → `ready` → `closed`; any state
 * may go to `closed`. All objects have one shape, and every field is set here.
 */
export class Connection {
  readonly id: string;
  readonly socket: Socket;
  readonly queue: SendQueue;
  state: 'authenticating' | 'registering' | 'ready' | 'closed' = 'authenticating';
  userId = '';
  partition = -1;
  /** Wall time; nothing is sent from then on [S3]. */
  expiresAtMs = Number.POSITIVE_INFINITY;
  /** A token that came before the first one was judged. */
  earlyToken: string | undefined;
  isDirty = false;
  /** What the client was told last: events may find no way here. */
  isDegraded = false;
  /** The user's next connection, from the newest to the oldest; set by the connection table. */
  next: Connection | undefined;
  wheelSlot = -1;
  wheelDueMs = 0;
  /** Most clients never send a frame. */
  #frameRate: TokenBucket | undefined;
  #heartbeatAtMs = Number.POSITIVE_INFINITY;
  /** By the starts of the rings of recent records: the client has been told to sync, or was replayed, since then. */
  #completeSince = 0;
  readonly #parts: ConnectionParts;

  constructor(id: string, socket: Socket, parts: ConnectionParts) {
    this.id = id;
    this.socket = socket;
    this.#parts = parts;
    this.queue = new SendQueue(parts.queue);
  }

  /** Hot path: two pushes, no system call. The frame leaves with the turn. */
  deliver(frame: OutgoingFrame): void {
    if (!this.queue.fits(frame)) this.#makeRoom(frame);
    if (!this.queue.push(frame)) this.schedule();
    this.#parts.flushList.mark(this);
  }

  /** A burst may fill the queue within a turn: only what the socket does not take makes a connection slow. */
  #makeRoom(frame: OutgoingFrame): void {
    const nowMs = this.#parts.clock.nowMs();
    while (this.flush(nowMs) && !this.queue.fits(frame));
  }

  /** The client sent a frame; false: it sends too many. */
  takeFrame(nowMs: number): boolean {
    this.#frameRate ??= new TokenBucket(framesPerSecond, frameBurst, nowMs);
    return this.#frameRate.take(nowMs);
  }

  /** A frame of this shard for this connection alone. */
  send(frame: ServerFrame): void {
    if (this.state === 'closed') return;
    if (frame.type === 'resync' && frame.reason !== 'degraded') this.#completeSince = this.#parts.recent.starts;
    this.deliver(OutgoingFrame.of(frame));
  }

  /** The registration is effective: `ready` leaves at once, then what waited for it [P2]. */
  becomeReady(ready: Extract<ServerFrame, { type: 'ready' }>): void {
    this.state = 'ready';
    this.isDegraded = ready.degraded;
    this.#completeSince = this.#parts.recent.starts;
    this.queue.release(OutgoingFrame.of(ready), this.socket);
    const { clock, heartbeatMs, random, flushList } = this.#parts;
    // Connections that came together do not beat together.
    this.#heartbeatAtMs = clock.monotonicMs() + heartbeatMs * (0.5 + 0.5 * random());
    this.schedule();
    flushList.mark(this);
  }

  /** Up to where all is handed over, if the queue is empty; asked when a heartbeat is [R6]. */
  position(): string | undefined {
    return this.#parts.recent.positionOf(this.partition, this.#completeSince);
  }

  /** What happens to it with time; called by the timer wheel. */
  visit(): void {
    if (this.state === 'closed') return;
    const nowMs = this.#parts.clock.monotonicMs();
    if (this.#parts.clock.nowMs() >= this.expiresAtMs) this.close('credential_expired');
    else if (this.#isTooSlow(nowMs)) this.#closeSlow();
    else if (nowMs >= this.#heartbeatAtMs) this.#beat(nowMs);
    this.schedule();
  }

  /** What waits leaves, by the wall time of the turn; a credential that has ended sends nothing any more [S3]. True: some is left for the next turn. */
  flush(nowMs: number): boolean {
    if (this.state === 'closed') return false;
    if (nowMs >= this.expiresAtMs) {
      this.close('credential_expired');
      return false;
    }
    const outcome = this.queue.flush(this.socket);
    void this.#parts.failpoint?.('shard.after_ws_send');
    return outcome === 'more';
  }

  /** Asks the wheel for a visit when the next thing is due. */
  schedule(): void {
    if (this.state === 'closed') return;
    const { clock, wheel } = this.#parts;
    const { overflowedAtMs } = this.queue;
    const slowAtMs = overflowedAtMs === 0 ? Number.POSITIVE_INFINITY : overflowedAtMs + slowConsumerMs;
    const expiresInMs = this.expiresAtMs - clock.nowMs();
    const dueMs = Math.min(this.#heartbeatAtMs, slowAtMs, clock.monotonicMs() + Math.min(Math.max(expiresInMs, wheelTickMs), maxWaitMs));
    if (this.wheelSlot < 0 || dueMs !== this.wheelDueMs) wheel.schedule(this, dueMs);
  }

  /** Ends the connection with a code of the contract; what it still held is void. */
  close(name: CloseName): void {
    if (this.state !== 'closed') this.socket.end(closeCodes[name].code, name);
  }

  #isTooSlow(nowMs: number): boolean {
    return this.queue.overflowedAtMs !== 0 && nowMs - this.queue.overflowedAtMs >= slowConsumerMs;
  }

  #closeSlow(): void {
    this.#parts.counts.slowConsumers.close += 1;
    this.close('slow_consumer');
  }

  #beat(nowMs: number): void {
    this.#heartbeatAtMs = nowMs + this.#parts.heartbeatMs;
    this.queue.askHeartbeat(this);
    this.#parts.flushList.mark(this);
  }
}

/** Wall time may jump: an end that seems far away is looked at again after this long. */
const maxWaitMs = 30_000;
