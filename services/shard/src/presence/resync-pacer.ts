import type { ResyncFrame } from '@carillon/protocol';
import type { Clock } from '@carillon/runtime';
import type { Connection } from '../connection/connection.ts';
import type { ConnectionTable } from '../connection/connection-table.ts';
import { TimerWheel, type WheelEntry } from '../connection/timer-wheel.ts';

type ResyncReason = Exclude<ResyncFrame['reason'], 'overflow'>;
/** Why a user's connections may have missed something. */
export type LossReason = Extract<ResyncReason, 'gap' | 'takeover'>;

type ResyncPacerOptions = {
  readonly connections: Pick<ConnectionTable, 'newestOf'>;
  /** Whether events for this user may find no way here at present. */
  readonly isDegraded: (userId: string) => boolean;
  readonly clock: Clock;
  readonly random: () => number;
  /** Told of every frame (`carillon_resyncs_total{reason}`). */
  readonly onTold: (reason: ResyncReason) => void;
};

type Entry = WheelEntry & { readonly userId: string; loss: LossReason | undefined };

/** What is told of an outage or its end is spread over this, so that its clients do not ask all at once [R10]. */
const spreadMs = 10_000;
/** Whoever is back by then is never told: a partition that changes hands, a registration that needs a second try. */
const graceMs = 2_000;
/** A loss is told sooner: the clients that it may concern ask at most this often, together. */
const lossesPerSecond = 500;

/**
 * Tells connections that they may have missed something, each at a random moment, so that their requests do not come in one wave.
 *
 * A connection is told what is true when its moment comes: `degraded` or `recovered` if that is not what it knows, else the loss. One
 * frame says all: who is degraded looks for losses anyway, who recovers syncs. Bounds: one entry per user of this shard, one timer for all.
 */
export class ResyncPacer {
  readonly #options: ResyncPacerOptions;
  readonly #wheel: TimerWheel<Entry>;
  readonly #entries = new Map<string, Entry>();

  constructor(options: ResyncPacerOptions) {
    this.#options = options;
    this.#wheel = new TimerWheel(options.clock.monotonicMs());
  }

  /** These users became degraded, or are not any more: told within 10 s, unless it has changed back by then. */
  tellStanding(userIds: Iterable<string>): void {
    for (const userId of userIds) {
      this.#schedule(userId, graceMs + this.#options.random() * (spreadMs - graceMs));
    }
  }

  /** These users may have missed something: told within 10 s, a few of them at once. */
  tellLoss(userIds: readonly string[], reason: LossReason): void {
    const windowMs = Math.min(spreadMs, (userIds.length / lossesPerSecond) * 1_000);
    for (const userId of userIds) this.#schedule(userId, this.#options.random() * windowMs).loss ??= reason;
  }

  /** Tells those whose moment has come. */
  advance(): void {
    this.#wheel.advance(this.#options.clock.monotonicMs(), (entry) => this.#visit(entry));
  }

  /** The earlier of its moments counts. */
  #schedule(userId: string, delayMs: number): Entry {
    const dueMs = this.#options.clock.monotonicMs() + delayMs;
    const entry = this.#entries.get(userId) ?? { userId, loss: undefined, wheelSlot: -1, wheelDueMs: dueMs };
    this.#entries.set(userId, entry);
    if (entry.wheelSlot < 0 || dueMs < entry.wheelDueMs) this.#wheel.schedule(entry, dueMs);
    return entry;
  }

  #visit(entry: Entry): void {
    this.#entries.delete(entry.userId);
    const isDegraded = this.#options.isDegraded(entry.userId);
    for (let one = this.#options.connections.newestOf(entry.userId); one !== undefined; one = one.next) {
      // Before `ready` nothing is missed: the client takes its snapshot behind it.
      if (one.state === 'ready') this.#tell(one, isDegraded, entry.loss);
    }
  }

  #tell(connection: Connection, isDegraded: boolean, loss: LossReason | undefined): void {
    const reason = isDegraded === connection.isDegraded ? loss : isDegraded ? 'degraded' : 'recovered';
    // Who is told degraded already asks for heads, and syncs when it recovers.
    if (reason === undefined || (reason === loss && isDegraded)) return;
    connection.isDegraded = isDegraded;
    connection.send({ type: 'resync', reason });
    this.#options.onTold(reason);
  }
}
