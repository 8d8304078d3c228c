import { type LiveLease, type Presence, type ShardToken, shardToken } from '@carillon/presence';
import type { Clock } from '@carillon/runtime';

const freshForMs = 1_000;

/** The live leases as this shard last read them. A reading is used for 1 s; at most one read is in flight. */
export class LeaseTable {
  readonly #presence: Presence;
  readonly #clock: Clock;
  #latest: readonly LiveLease[] = [];
  #readAtMs = Number.NEGATIVE_INFINITY;
  #reading: Promise<readonly LiveLease[]> | undefined;

  constructor(presence: Presence, clock: Clock) {
    this.#presence = presence;
    this.#clock = clock;
  }

  /** The last reading, however old; empty before the first. */
  latest(): readonly LiveLease[] {
    return this.#latest;
  }

  /** A reading at most 1 s old, or with `anew` one that was not there yet. Rejects within 300 ms when the registry is away. */
  read(options: { anew: boolean } = { anew: false }): Promise<readonly LiveLease[]> {
    if (!options.anew && this.#clock.monotonicMs() - this.#readAtMs < freshForMs) return Promise.resolve(this.#latest);
    this.#reading ??= this.#readNow().finally(() => {
      this.#reading = undefined;
    });
    return this.#reading;
  }

  async #readNow(): Promise<readonly LiveLease[]> {
    const leases = await this.#presence.readLeases();
    this.#latest = leases;
    this.#readAtMs = this.#clock.monotonicMs();
    return leases;
  }
}

/** The shard that says it owns the partition. When two say so, the later life is believed, as the assigner does. */
export function ownerOf(leases: readonly LiveLease[], partition: number): ShardToken | undefined {
  const claims = leases.filter((lease) => lease.partitions.includes(partition));
  const owner = claims.reduce<LiveLease | undefined>(
    (best, lease) => (best === undefined || lease.epoch > best.epoch ? lease : best),
    undefined,
  );
  return owner === undefined ? undefined : shardToken(owner.shardId, owner.epoch);
}
