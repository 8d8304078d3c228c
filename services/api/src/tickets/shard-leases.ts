import type { LiveLease, Presence } from '@carillon/presence';
import { AppError } from '@carillon/protocol';
import type { Clock, Logger } from '@carillon/runtime';

/** Leases are read at most once a second, however many tickets are bought. */
const cacheMs = 1_000;

type Parts = { readonly presence: Pick<Presence, 'readLeases'>; readonly clock: Clock; readonly logger: Logger };

/**
 * The shards that live, as the presence told less than a second ago; while it does not answer, as it told last [L6]. One read
 * at a time, shared by all who wait for it.
 */
export class ShardLeases {
  readonly #parts: Parts;
  #known: { leases: readonly LiveLease[]; readAtMs: number } | undefined;
  #reading: Promise<readonly LiveLease[]> | undefined;

  constructor(parts: Parts) {
    this.#parts = parts;
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

  async #read(): Promise<readonly LiveLease[]> {
    const { presence, clock, logger } = this.#parts;
    try {
      const leases = await presence.readLeases();
      this.#known = { leases, readAtMs: clock.monotonicMs() };
      return leases;
    } catch (error) {
      logger.warn({ err: error }, 'shard leases not read');
      if (this.#known === undefined)
        throw new AppError('unavailable', { detail: 'The shards are not known yet', retryAfterSeconds: 2, cause: error });
      this.#known = { ...this.#known, readAtMs: clock.monotonicMs() };
      return this.#known.leases;
    }
  }
}
