import { type LiveLease, type ShardToken, shardToken } from '@carillon/presence';
import type { Clock } from '@carillon/runtime';

type Owner = { aliveAtMs: number; readonly claimedAtMs: Map<number, number> };

/** What an owner loses it tells within seconds, unless it is cut off, and then its lease ends. */
const suspectMs = 30_000;

/**
 * The other shards' ends, as the readings of the lease table show them. An owner whose lease ends without a farewell may have owed
 * somebody word of a loss [R11], of a partition that it had until then or shortly before, and cannot give it any more [R13].
 * Bounds: one entry per living shard, each with one per partition.
 */
export class OwnerWatch {
  readonly #self: ShardToken;
  readonly #clock: Clock;
  readonly #owners = new Map<ShardToken, Owner>();
  readonly #farewells = new Set<ShardToken>();

  constructor(self: ShardToken, clock: Clock) {
    this.#self = self;
    this.#clock = clock;
  }

  /** The shard has told all that it had to tell. */
  noteFarewell(token: ShardToken): void {
    this.#farewells.add(token);
  }

  /** A new reading: the partitions of owners that ended since the last one, without a farewell. */
  observe(leases: readonly LiveLease[]): ReadonlySet<number> {
    const living = new Set(leases.map((lease) => shardToken(lease.shardId, lease.epoch)));
    const orphaned = new Set<number>();
    for (const [token, owner] of this.#owners) {
      if (living.has(token)) continue;
      if (!this.#farewells.has(token)) for (const partition of suspectsOf(owner)) orphaned.add(partition);
      this.#owners.delete(token);
    }
    for (const token of this.#farewells) if (!living.has(token)) this.#farewells.delete(token);
    for (const lease of leases) this.#note(shardToken(lease.shardId, lease.epoch), lease.partitions);
    return orphaned;
  }

  #note(token: ShardToken, partitions: readonly number[]): void {
    if (token === this.#self) return;
    const nowMs = this.#clock.monotonicMs();
    const owner = this.#owners.get(token) ?? { aliveAtMs: nowMs, claimedAtMs: new Map<number, number>() };
    owner.aliveAtMs = nowMs;
    for (const partition of partitions) owner.claimedAtMs.set(partition, nowMs);
    this.#owners.set(token, owner);
  }
}

function suspectsOf({ aliveAtMs, claimedAtMs }: Owner): number[] {
  return [...claimedAtMs].filter(([, claimedMs]) => aliveAtMs - claimedMs < suspectMs).map(([partition]) => partition);
}
