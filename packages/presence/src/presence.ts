/**
 * Which user is on which shard: a routing hint, never the truth [R2]. Two implementations keep this contract: Redis and
 * in-process; `presence.contract.ts` is the suite that both pass. All expiry decisions use the registry's own clock.
 */

/** One life of a shard: `<shard id>@<epoch>`. */
export type ShardToken = `${string}@${number}`;

export function shardToken(shardId: string, epoch: number): ShardToken {
  return `${shardId}@${epoch}`;
}

/** The shard id, which may itself hold an `@`, and the epoch of a token. Throws on anything else. */
export function parseShardToken(text: string): { token: ShardToken; shardId: string; epoch: number } {
  const at = text.lastIndexOf('@');
  const [shardId, epoch] = [text.slice(0, at), Number(text.slice(at + 1))];
  if (at <= 0 || !Number.isSafeInteger(epoch) || epoch < 0) throw new Error(`not a shard token: ${text}`);
  return { token: shardToken(shardId, epoch), shardId, epoch };
}

/** What a shard says about itself every 4 s; counts as alive for 15 s after that. */
export type ShardLease = {
  readonly shardId: string;
  readonly epoch: number;
  /** Base URL for clients: `ws:` or `wss:`, no trailing slash. */
  readonly url: string;
  readonly state: 'active' | 'draining';
  readonly connections: number;
  readonly partitions: readonly number[];
  /** The event log's id of this group member. */
  readonly memberId?: string | undefined;
};

/** A lease as a reader sees it. `ageMs`: since its last renewal; over 6 s no ticket is given to it. */
export type LiveLease = ShardLease & { readonly ageMs: number };

/**
 * `renewed`: as before. `restored`: the registry did not have this lease alive (an epoch's first renewal, restart, FLUSHALL,
 * late renewal), it is there again, but registrations may be gone. `fenced`: a later epoch of this shard lives; this process is a zombie and must stop.
 */
export type RenewOutcome = 'renewed' | 'restored' | 'fenced';

export const leaseMs = 15_000;
export const leaseRenewalMs = 4_000;

/** Every method rejects within 300 ms when the registry does not answer. */
export interface Presence extends AsyncDisposable {
  /** A new epoch for this shard id, higher than all before, also after the registry lost everything. */
  claimEpoch(shardId: string): Promise<number>;
  renewLease(lease: ShardLease): Promise<RenewOutcome>;
  /** Deletes the lease if it is still of this epoch; that voids its registrations [R3]. */
  releaseLease(shardId: string, epoch: number): Promise<void>;
  /**
   * The lease of this shard id that was not released cleanly, alive or expired less than 10 minutes ago: the predecessor of a
   * crashed shard [L5]. To be read before the own first renewal, which replaces it.
   */
  readPredecessor(shardId: string): Promise<ShardLease | undefined>;
  /** Live leases only. */
  readLeases(): Promise<readonly LiveLease[]>;
  register(partition: number, userIds: readonly string[], token: ShardToken): Promise<void>;
  /** Compare and delete: never removes another token's entry [R4]. */
  unregister(partition: number, userIds: readonly string[], token: ShardToken): Promise<void>;
  /** Users of the partition with the live tokens that hold them; entries of dead leases are removed [R3]. */
  loadPartition(partition: number): Promise<ReadonlyMap<string, readonly ShardToken[]>>;
  isConnected(): boolean;
}
