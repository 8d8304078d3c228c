import type { Presence, ShardToken } from '@carillon/presence';
import { type Clock, fullJitterMs, type Logger } from '@carillon/runtime';
import type { Notice } from '../inbox/inbox.ts';
import { PartitionRoutes } from './partition-routes.ts';

type RoutingTableOptions = {
  readonly self: ShardToken;
  readonly presence: Presence;
  readonly clock: Clock;
  readonly random: () => number;
  readonly logger: Logger;
  /** A load failed: until the next one succeeds, events may be kept from other shards. */
  readonly onUnrouted: (partition: number) => void;
};

type Partition = {
  readonly routes: PartitionRoutes;
  readonly whenLoaded: (() => void)[];
  isLoaded: boolean;
  isUnrouted: boolean;
  failures: number;
};

const nobody: readonly ShardToken[] = [];
const maxLoads = 8;

/**
 * The owner's copy of its partitions' presence: delivery reads no registry [R8]. A partition is loaded once when it is
 * assigned, then changed by notices, loaded anew after a gap.
 *
 * Per partition: `loading` → `loaded`. When the registry is away, a partition counts as loaded with what notices told, and as
 * `unrouted`: users on other shards may be missing, events for them are skipped; it is tried again, at most 2 s apart, until
 * a load succeeds. Bounds: 8 loads at a time, one entry per user that another shard holds.
 */
export class RoutingTable implements Disposable {
  readonly #options: RoutingTableOptions;
  readonly #partitions = new Map<number, Partition>();
  readonly #toLoad = new Set<number>();
  readonly #ended = new AbortController();
  #loads = 0;
  #suspects: ReadonlySet<ShardToken> = new Set();
  #heard = new Set<ShardToken>();

  constructor(options: RoutingTableOptions) {
    this.#options = options;
  }

  /** The partitions of this shard from now on: new ones are loaded, lost ones forgotten, others stay as they are. */
  assign(partitions: readonly number[]): void {
    const assigned = new Set(partitions);
    for (const partition of this.#partitions.keys()) if (!assigned.has(partition)) this.#drop(partition);
    for (const partition of assigned) if (!this.#partitions.has(partition)) this.#take(partition);
  }

  /** The shards that hold this user, apart from this one. Allocates nothing; empty for a user who is offline or only here. */
  holdersOf(partition: number, userId: string): readonly ShardToken[] {
    return this.#partitions.get(partition)?.routes.holdersOf(userId) ?? nobody;
  }

  isAssigned(partition: number): boolean {
    return this.#partitions.has(partition);
  }

  /** Deliver only when true: before it, users on other shards would be taken for offline. */
  isLoaded(partition: number): boolean {
    return this.#partitions.get(partition)?.isLoaded ?? false;
  }

  /** Resolves when the partition is loaded, counts as such, or is lost; within 300 ms per page of it. */
  whenLoaded(partition: number): Promise<void> {
    const kept = this.#partitions.get(partition);
    if (kept === undefined || kept.isLoaded) return Promise.resolve();
    return new Promise((resolve) => kept.whenLoaded.push(resolve));
  }

  /** The last load failed: events of this partition may have been skipped for users on other shards. */
  isUnrouted(partition: number): boolean {
    return this.#partitions.get(partition)?.isUnrouted ?? false;
  }

  /** Events have been delivered without the holder that the notice tells: it was not known here. */
  keptFrom(notice: Notice): boolean {
    const { partition, userId, holder } = notice;
    const isNew = notice.kind === 'register' && holder !== this.#options.self;
    return isNew && this.isLoaded(partition) && !this.holdersOf(partition, userId).includes(holder);
  }

  /** False: this shard does not own the partition, and nothing changed. */
  apply(notice: Notice): boolean {
    const partition = this.#partitions.get(notice.partition);
    if (partition === undefined) return false;
    this.#heard.add(notice.holder);
    partition.routes.apply(notice);
    return true;
  }

  /** After a gap in the notices: loads every partition anew; delivery goes on with what is known meanwhile. */
  reload(): void {
    for (const partition of this.#partitions.keys()) this.#schedule(partition);
  }

  /**
   * Forgets the holders that are not among the live tokens, when they were missing in the call before too and sent no notice
   * in between: one reading of the registry may be older than a shard's return.
   */
  dropDead(live: ReadonlySet<ShardToken>): void {
    const holders = new Set<ShardToken>();
    for (const { routes } of this.#partitions.values()) routes.collectHolders(holders);
    const missing = new Set([...holders].filter((token) => !live.has(token)));
    const dead = new Set([...missing].filter((token) => this.#suspects.has(token) && !this.#heard.has(token)));
    if (dead.size > 0) for (const { routes } of this.#partitions.values()) routes.dropHolders(dead);
    this.#suspects = missing;
    this.#heard = new Set();
  }

  [Symbol.dispose](): void {
    this.#ended.abort();
    this.assign([]);
  }

  #take(partition: number): void {
    const routes = new PartitionRoutes(this.#options.self);
    this.#partitions.set(partition, { routes, whenLoaded: [], isLoaded: false, isUnrouted: false, failures: 0 });
    this.#schedule(partition);
  }

  #drop(partition: number): void {
    const kept = this.#partitions.get(partition);
    this.#partitions.delete(partition);
    for (const resolve of kept?.whenLoaded ?? []) resolve();
  }

  #schedule(partition: number): void {
    this.#toLoad.add(partition);
    if (this.#loads < maxLoads && !this.#ended.signal.aborted) void this.#loadWaiting();
  }

  async #loadWaiting(): Promise<void> {
    this.#loads += 1;
    for (const partition of this.#toLoad) {
      this.#toLoad.delete(partition);
      const kept = this.#partitions.get(partition);
      if (kept !== undefined) await this.#load(partition, kept);
    }
    this.#loads -= 1;
  }

  async #load(partition: number, kept: Partition): Promise<void> {
    const load = kept.routes.beginLoad();
    try {
      const users = await this.#options.presence.loadPartition(partition);
      const outcome = kept.routes.endLoad(load, users);
      if (outcome === 'again') this.#schedule(partition);
      if (outcome !== 'loaded') return;
      kept.isUnrouted = false;
      kept.failures = 0;
    } catch (err) {
      this.#options.logger.warn({ err, partition }, 'presence of a partition could not be loaded');
      kept.routes.failLoad(load);
      kept.isUnrouted = true;
      this.#options.onUnrouted(partition);
      kept.failures += 1;
      void this.#retry(partition, kept);
    }
    kept.isLoaded = true;
    for (const resolve of kept.whenLoaded.splice(0)) resolve();
  }

  async #retry(partition: number, kept: Partition): Promise<void> {
    const delayMs = 100 + fullJitterMs(kept.failures, { baseMs: 100, capMs: 1_900 }, this.#options.random);
    await this.#options.clock.sleep(delayMs, this.#ended.signal).catch((reason: unknown) => reason);
    if (!this.#ended.signal.aborted && this.#partitions.get(partition) === kept) this.#schedule(partition);
  }
}
