import type { EventLogReader, LogListener, ReceivedRecord } from '@carillon/event-log';
import type { ServerFrame } from '@carillon/protocol';
import type { Logger } from '@carillon/runtime';
import type { DeliveryPool } from '../delivery/delivery-pool.ts';
import type { ShardCounts } from '../metrics.ts';
import type { RecentRecords } from './recent-records.ts';

type NotificationConsumerOptions = {
  readonly reader: EventLogReader;
  readonly pool: Pick<DeliveryPool, 'enqueue' | 'reset'>;
  readonly recent: Pick<RecentRecords, 'forget'>;
  readonly counts: ShardCounts;
  readonly logger: Logger;
  readonly onAssigned: (partitions: readonly number[]) => void;
  /** A record of the partition is lost: whoever it was for must be told. */
  readonly onLost: (partition: number) => void;
  readonly onDead: (error: Error) => void;
};

const resync = Buffer.from(JSON.stringify({ type: 'resync', reason: 'gap' } satisfies ServerFrame));

/**
 * Hands the records of this shard's partitions to the delivery pool. The reader commits up to the lowest record that the pool has
 * not finished [D9]; a new assignment voids all that waits. Every call only enqueues: reading goes on while deliveries wait. It holds
 * nothing and waits for nothing; whatever it cannot hand on is counted and told to those whom it may concern [D13, D15].
 */
export class NotificationConsumer implements LogListener {
  readonly #options: NotificationConsumerOptions;

  constructor(options: NotificationConsumerOptions) {
    this.#options = options;
  }

  /** Joins the group; resolves with the first assignment. */
  start(): Promise<void> {
    return this.#options.reader.start(this);
  }

  onAssigned(generation: number, partitions: readonly number[]): void {
    this.#options.logger.info({ generation, partitions: partitions.length }, 'partitions assigned');
    this.#options.onAssigned(partitions);
    this.#options.pool.reset();
  }

  onRecords(partition: number, records: readonly ReceivedRecord[]): void {
    this.#options.pool.enqueue(partition, records);
  }

  /** [D15] A `resync` goes its recipients' way in its stead, to whatever shard holds them, and stands in a replay. */
  onDamaged(record: ReceivedRecord, err: Error): void {
    const { partition, offset } = record;
    this.#options.counts.poison += 1;
    this.#options.logger.error({ partition, offset, err }, 'record skipped: only its recipients can be read');
    this.#options.pool.enqueue(partition, [{ ...record, event: 'resync', value: resync }]);
  }

  onPoison(partition: number, offset: number, err: Error): void {
    this.#options.counts.poison += 1;
    this.#options.logger.error({ partition, offset, err }, 'record skipped: its headers cannot be read');
    this.#options.recent.forget(partition);
    this.#options.onLost(partition);
  }

  onSkipped(partition: number, records: number): void {
    this.#options.counts.skippedRecords += records;
    this.#options.logger.warn({ partition, records }, 'backlog passed over: it is more than clients are helped by');
    this.#options.recent.forget(partition);
    this.#options.onLost(partition);
  }

  onDead(error: Error): void {
    this.#options.onDead(error);
  }
}
