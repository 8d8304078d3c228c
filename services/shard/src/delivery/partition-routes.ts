import { parseShardToken, type ShardToken } from '@carillon/presence';
import type { Notice } from '../inbox/inbox.ts';

/** Notices that a running load remembers; when there are more, the load is not good enough and starts again. */
const maxMissed = 50_000;

/**
 * Who holds the users of one partition, apart from this shard itself. Notices apply at once, and again after a load that was
 * running when they came: the load may have read the registry before or after them. Bounds: one entry per user that another shard holds,
 * 50,000 notices during a load.
 */
export class PartitionRoutes {
  readonly #self: ShardToken;
  #users = new Map<string, readonly ShardToken[]>();
  #missed: Notice[] = [];
  #load = 0;
  #isLoading = false;

  constructor(self: ShardToken) {
    this.#self = self;
  }

  /** The other shards that hold this user; undefined when there are none. */
  holdersOf(userId: string): readonly ShardToken[] | undefined {
    return this.#users.get(userId);
  }

  apply(notice: Notice): void {
    if (this.#isLoading && this.#missed.length <= maxMissed) this.#missed.push(notice);
    if (notice.kind === 'register') this.#add(notice.userId, notice.holder);
    else this.#remove(notice.userId, (held) => held === notice.holder);
  }

  /** The number of this load; only the last one that began counts. */
  beginLoad(): number {
    this.#missed = [];
    this.#isLoading = true;
    this.#load += 1;
    return this.#load;
  }

  /** `superseded`: a later load began. `again`: too many notices came meanwhile. Neither changes anything. */
  endLoad(load: number, users: ReadonlyMap<string, readonly ShardToken[]>): 'loaded' | 'superseded' | 'again' {
    if (load !== this.#load) return 'superseded';
    this.#isLoading = false;
    const missed = this.#missed.splice(0);
    if (missed.length > maxMissed) return 'again';
    this.#users = new Map();
    for (const [userId, holders] of users) for (const holder of holders) this.#add(userId, holder);
    for (const notice of missed) this.apply(notice);
    return 'loaded';
  }

  /** The load failed: what notices told so far is all that is known. */
  failLoad(load: number): void {
    if (load !== this.#load) return;
    this.#isLoading = false;
    this.#missed = [];
  }

  /** Forgets every holder whose token is one of these. */
  dropHolders(dead: ReadonlySet<ShardToken>): void {
    for (const userId of [...this.#users.keys()]) this.#remove(userId, (held) => dead.has(held));
  }

  /** Adds every token that holds a user here to the set. */
  collectHolders(tokens: Set<ShardToken>): void {
    for (const holders of this.#users.values()) for (const holder of holders) tokens.add(holder);
  }

  #add(userId: string, holder: ShardToken): void {
    if (holder === this.#self) return;
    const { shardId, epoch } = parseShardToken(holder);
    const held = this.#users.get(userId) ?? [];
    const kept = held.filter((other) => !isOlder(other, shardId, epoch) && other !== holder);
    this.#users.set(userId, [...kept, holder]);
  }

  #remove(userId: string, isRemoved: (holder: ShardToken) => boolean): void {
    const held = this.#users.get(userId);
    if (held === undefined || !held.some(isRemoved)) return;
    const kept = held.filter((holder) => !isRemoved(holder));
    if (kept.length > 0) this.#users.set(userId, kept);
    else this.#users.delete(userId);
  }
}

/** An earlier life of the same shard is dead. */
function isOlder(other: ShardToken, shardId: string, epoch: number): boolean {
  const parsed = parseShardToken(other);
  return parsed.shardId === shardId && parsed.epoch < epoch;
}
