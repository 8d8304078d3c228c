import type { LiveLease, Presence } from '@carillon/presence';
import { AppError } from '@carillon/protocol';
import type { Clock, Logger } from '@carillon/runtime';

/** Leases are read at most once a second, however many tickets are bought. */
const cacheMs = 1_000;
/** And this often when no ticket is bought: an outage of the presence must not find a shard known that ended long before. */
const refreshMs = 5_000;
/** How long a shard is remembered whose lease is gone. */
const rememberedMs = 600_000;

type Parts = { readonly presence: Pick<Presence, 'readLeases'>; readonly clock: Clock; readonly logger: Logger };

/**
 * The shards that live, as the presence told less than a second ago; while it does not answer, as it told last [L6]. One read
 * at a time, shared by all who wait for it.
 */
export class ShardLeases implements Disposable {
  readonly #parts: Parts;
  #known: { leases: readonly LiveLease[]; readAtMs: number } | undefined;
  readonly #seen = new Map<string, { lease: LiveLease; seenAtMs: number }>();
  #reading: Promise<readonly LiveLease[]> | undefined;
  #refresh: Disposable | undefined;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** Keeps what is known fresh until the end. */
  start(): void {
    this.#refresh = this.#parts.clock.every(refreshMs, () => void this.current().catch(() => undefined));
  }

  [Symbol.dispose](): void {
    this.#refresh?.[Symbol.dispose]();
  }

  /** Throws AppError('unavailable') when the presence was never heard. */
  async current(): Promise<readonly LiveLease[]> {
    const nowMs = this.#parts.clock.monotonicMs();
    if (this.#known !== undefined && nowMs - this.#known.readAtMs < cacheMs) return this.#known.leases;
    this.#reading ??= this.#read().finally(() => {
      this.#reading = undefined;
    });
    return this.#reading;
  }

  /** The shards of the last 10 minutes as each was seen last: where to go when none is known to live. */
  remembered(): readonly LiveLease[] {
    return Array.from(this.#seen.values(), ({ lease }) => lease);
  }

  async #read(): Promise<readonly LiveLease[]> {
    const { presence, clock, logger } = this.#parts;
    try {
      const leases = await presence.readLeases();
      this.#known = { leases, readAtMs: clock.monotonicMs() };
      this.#remember(leases, clock.monotonicMs());
      return leases;
    } catch (error) {
      logger.warn({ err: error }, 'shard leases not read');
      if (this.#known === undefined)
        throw new AppError('unavailable', { detail: 'The shards are not known yet', retryAfterSeconds: 2, cause: error });
      this.#known = { ...this.#known, readAtMs: clock.monotonicMs() };
      return this.#known.leases;
    }
  }

  #remember(leases: readonly LiveLease[], nowMs: number): void {
    for (const lease of leases) this.#seen.set(lease.shardId, { lease: { ...lease, ageMs: 0 }, seenAtMs: nowMs });
    for (const [shardId, { seenAtMs }] of this.#seen) if (nowMs - seenAtMs > rememberedMs) this.#seen.delete(shardId);
  }
}
