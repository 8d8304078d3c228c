import { type ShardToken, shardToken } from '@carillon/presence';
import type { Clock, Logger } from '@carillon/runtime';
import type { InboxItem } from '../inbox/inbox.ts';
import type { LeaseTable } from '../presence/lease-table.ts';
import type { Forwarder } from './forwarder.ts';
import type { RoutingTable } from './routing-table.ts';

type LossNoticesOptions = {
  readonly self: ShardToken;
  readonly leases: Pick<LeaseTable, 'read'>;
  readonly routes: Pick<RoutingTable, 'isUnrouted'>;
  readonly forwarder: Pick<Forwarder, 'forward' | 'isDown'>;
  readonly clock: Clock;
  readonly random: () => number;
  readonly logger: Logger;
};

/** Between two tries, ± 50 %. */
const retryMs = 500;

/**
 * Partitions of which events did not reach another shard, until every live shard has been told [R11]: it resyncs its connections of
 * them. A shard without a live lease is not told: it suspects a loss by itself when its lease is restored.
 *
 * Bound: one entry per partition. Kept until told, whoever owns the partition by then; a partition whose routes are not
 * loaded is not told yet, because it still loses. Memory only: the end of this shard without a farewell makes the others suspect [R13].
 */
export class LossNotices implements Disposable {
  readonly #options: LossNoticesOptions;
  readonly #untold = new Set<number>();
  readonly #ended = new AbortController();
  #telling = 0;
  #isRunning = false;

  constructor(options: LossNoticesOptions) {
    this.#options = options;
  }

  /** Partitions that are not told yet. */
  get size(): number {
    return this.#untold.size + this.#telling;
  }

  /** An event of the partition was kept from another shard. Cheap: called for each. */
  add(partition: number): void {
    this.#untold.add(partition);
    if (!this.#isRunning && !this.#ended.signal.aborted) void this.#run();
  }

  /** The shard owns nothing any more and is about to end: told to every live shard, unless a loss is not. Resolves within 1 s. */
  async sayFarewell(): Promise<void> {
    if (this.size === 0) await this.#tellAll({ kind: 'farewell' });
  }

  [Symbol.dispose](): void {
    this.#ended.abort();
  }

  async #run(): Promise<void> {
    this.#isRunning = true;
    const { clock, random } = this.#options;
    while (this.#untold.size > 0) {
      await clock.sleep(retryMs * (0.5 + random()), this.#ended.signal).catch((reason: unknown) => reason);
      if (this.#ended.signal.aborted) return;
      await this.#tryOnce();
    }
    this.#isRunning = false;
  }

  /** What is lost while it is being told stays for the next time. */
  async #tryOnce(): Promise<void> {
    const { routes, forwarder } = this.#options;
    const partitions = [...this.#untold].filter((partition) => !routes.isUnrouted(partition));
    if (partitions.length === 0 || forwarder.isDown()) return;
    for (const partition of partitions) this.#untold.delete(partition);
    this.#telling = partitions.length;
    if (!(await this.#tellAll({ kind: 'lost', partitions }))) for (const partition of partitions) this.#untold.add(partition);
    this.#telling = 0;
  }

  /** True: every live shard's inbox has it. One that is gone needs no word. */
  async #tellAll(item: InboxItem): Promise<boolean> {
    const { self, leases, forwarder, logger } = this.#options;
    try {
      const tokens = (await leases.read({ anew: true })).map((lease) => shardToken(lease.shardId, lease.epoch));
      const others = tokens.filter((token) => token !== self);
      const results = await Promise.all(others.map((token) => forwarder.forward(token, item)));
      return !results.includes('failed');
    } catch (err) {
      logger.debug({ err }, 'the other shards cannot be told: the leases could not be read');
      return false;
    }
  }
}
