import { type Clock, systemClock } from '@carillon/runtime';
import {
  type LiveLease,
  leaseMs,
  type Presence,
  parseShardToken,
  type RenewOutcome,
  type ShardLease,
  type ShardToken,
  shardToken,
} from './presence.ts';

type KeptLease = { readonly lease: ShardLease; expiresAtMs: number };

/**
 * Presence for shards and API of one process: one instance is shared by all of them. Bounds: one lease per shard id, one
 * entry per registered user. Never rejects.
 */
export class InProcessPresence implements Presence {
  readonly #clock: Clock;
  readonly #epochs = new Map<string, number>();
  readonly #leases = new Map<string, KeptLease>();
  readonly #partitions = new Map<number, Map<string, readonly ShardToken[]>>();

  constructor(clock: Clock = systemClock) {
    this.#clock = clock;
  }

  async claimEpoch(shardId: string): Promise<number> {
    const epoch = Math.max((this.#epochs.get(shardId) ?? 0) + 1, this.#clock.nowMs());
    this.#epochs.set(shardId, epoch);
    return epoch;
  }

  async renewLease(lease: ShardLease): Promise<RenewOutcome> {
    const kept = this.#leases.get(lease.shardId);
    const latest = Math.max(this.#epochs.get(lease.shardId) ?? 0, kept?.lease.epoch ?? 0);
    if (latest > lease.epoch) return 'fenced';
    this.#epochs.set(lease.shardId, lease.epoch);
    this.#leases.set(lease.shardId, { lease, expiresAtMs: this.#clock.nowMs() + leaseMs });
    return kept?.lease.epoch === lease.epoch && this.#isAlive(kept) ? 'renewed' : 'restored';
  }

  async releaseLease(shardId: string, epoch: number): Promise<void> {
    if (this.#leases.get(shardId)?.lease.epoch === epoch) this.#leases.delete(shardId);
  }

  async readPredecessor(shardId: string): Promise<ShardLease | undefined> {
    return this.#leases.get(shardId)?.lease;
  }

  async readLeases(): Promise<readonly LiveLease[]> {
    const nowMs = this.#clock.nowMs();
    return [...this.#leases.values()]
      .filter((kept) => this.#isAlive(kept))
      .map(({ lease, expiresAtMs }) => ({ ...lease, ageMs: nowMs + leaseMs - expiresAtMs }));
  }

  async register(partition: number, userIds: readonly string[], token: ShardToken): Promise<void> {
    const users = this.#partitions.get(partition) ?? new Map<string, readonly ShardToken[]>();
    this.#partitions.set(partition, users);
    const { shardId, epoch } = parseShardToken(token);
    for (const userId of userIds) {
      const others = (users.get(userId) ?? []).map((other) => ({ other, ...parseShardToken(other) }));
      const kept = others.filter((one) => one.shardId !== shardId || one.epoch > epoch);
      const isStale = kept.some((one) => one.shardId === shardId);
      users.set(userId, [...kept.map((one) => one.other), ...(isStale ? [] : [token])]);
    }
  }

  async unregister(partition: number, userIds: readonly string[], token: ShardToken): Promise<void> {
    for (const userId of userIds) this.#keep(partition, userId, (held) => held !== token);
  }

  async loadPartition(partition: number): Promise<ReadonlyMap<string, readonly ShardToken[]>> {
    const users = this.#partitions.get(partition);
    for (const userId of [...(users?.keys() ?? [])]) this.#keep(partition, userId, (held) => this.#hasLiveLease(held));
    return new Map(users);
  }

  isConnected(): boolean {
    return true;
  }

  /** Forgets everything, as a registry does that restarts without its data. */
  clear(): void {
    this.#epochs.clear();
    this.#leases.clear();
    this.#partitions.clear();
  }

  /** Nothing to free: the instance is shared, so one user's end must not be the others'. */
  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.resolve();
  }

  #keep(partition: number, userId: string, isKept: (token: ShardToken) => boolean): void {
    const users = this.#partitions.get(partition);
    const tokens = users?.get(userId);
    if (users === undefined || tokens === undefined) return;
    const kept = tokens.filter(isKept);
    if (kept.length > 0) users.set(userId, kept);
    else users.delete(userId);
    if (users.size === 0) this.#partitions.delete(partition);
  }

  #isAlive(kept: KeptLease): boolean {
    return kept.expiresAtMs > this.#clock.nowMs();
  }

  #hasLiveLease(token: ShardToken): boolean {
    const { shardId } = parseShardToken(token);
    const kept = this.#leases.get(shardId);
    return kept !== undefined && this.#isAlive(kept) && shardToken(shardId, kept.lease.epoch) === token;
  }
}
