import type { EventLogReader, EventLogWriter, LogListener, LogRecord, ReceivedRecord } from '@carillon/event-log';
import type { DeliveryPause, Pausable } from './delivery-pause.ts';
import type { DeliveryWays } from './delivery-ways.ts';
import type { Lifeline } from './lifeline.ts';

/** The relay's writer, watched. */
export class WatchedWriter implements EventLogWriter {
  readonly #writer: EventLogWriter;
  readonly #ways: DeliveryWays;

  constructor(writer: EventLogWriter, ways: DeliveryWays) {
    this.#writer = writer;
    this.#ways = ways;
  }

  get partitionCount(): number {
    return this.#writer.partitionCount;
  }

  open(signal: AbortSignal): Promise<void> {
    return this.#writer.open(signal);
  }

  isOpen(): boolean {
    return this.#writer.isOpen();
  }

  async append(records: readonly LogRecord[]): Promise<void> {
    this.#ways.relayed(records);
    await this.#writer.append(records);
    this.#ways.appended(records);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#writer[Symbol.asyncDispose]();
  }
}

export type WatchedReaderOptions = {
  readonly shardId: string;
  readonly reader: EventLogReader;
  readonly life: Lifeline;
  readonly pause: DeliveryPause;
  readonly ways: DeliveryWays;
};

/**
 * A shard's reader, watched; held up where a pause is on; and once its shard is dead, silent: it hands over nothing and finishes
 * nothing, so that what the shard had in hand comes again to the next owner.
 */
export class WatchedReader implements EventLogReader, Pausable {
  readonly #options: WatchedReaderOptions;
  /** What the shard itself has paused, being full. */
  readonly #full = new Set<number>();
  readonly #holder: Pausable;

  constructor(options: WatchedReaderOptions) {
    const { reader, pause } = options;
    this.#options = options;
    this.#holder = {
      pause: (partition) => reader.pause(partition),
      resume: (partition) => {
        if (!this.#full.has(partition)) reader.resume(partition);
      },
    };
    pause.join(this.#holder);
  }

  start(listener: LogListener): Promise<void> {
    return this.#options.reader.start(this.#listenerOf(listener));
  }

  finish(record: ReceivedRecord): void {
    if (this.#options.life.isCut) return;
    this.#options.reader.finish(record);
    this.#options.ways.delivered(record);
  }

  pause(partition: number): void {
    this.#full.add(partition);
    this.#options.reader.pause(partition);
  }

  resume(partition: number): void {
    this.#full.delete(partition);
    if (!this.#options.pause.isPaused(partition)) this.#options.reader.resume(partition);
  }

  assignedPartitions(): readonly number[] {
    return this.#options.reader.assignedPartitions();
  }

  memberId(): string | undefined {
    return this.#options.reader.memberId();
  }

  isConnected(): boolean {
    return this.#options.reader.isConnected();
  }

  lagRecords(): number {
    return this.#options.reader.lagRecords();
  }

  stopFetching(): Promise<void> {
    return this.#options.reader.stopFetching();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#options.pause.leave(this.#holder);
    await this.#options.life.end(this.#options.reader);
  }

  #listenerOf(listener: LogListener): LogListener {
    const { shardId, life, ways } = this.#options;
    const whileAlive = (tell: () => void) => {
      if (!life.isCut) tell();
    };
    return {
      onAssigned: (generation, partitions) =>
        whileAlive(() => {
          listener.onAssigned(generation, partitions);
          this.#holdUp(partitions);
        }),
      onRecords: (partition, records) =>
        whileAlive(() => {
          ways.received(shardId, records);
          listener.onRecords(partition, records);
        }),
      onDamaged: (record, error) => whileAlive(() => listener.onDamaged(record, error)),
      onPoison: (partition, offset, error) => whileAlive(() => listener.onPoison(partition, offset, error)),
      onSkipped: (partition, records) => whileAlive(() => listener.onSkipped(partition, records)),
      onDead: (error) => whileAlive(() => listener.onDead(error)),
    };
  }

  /** A partition keeps its pause under a new owner. */
  #holdUp(partitions: readonly number[]): void {
    const { pause, reader } = this.#options;
    for (const partition of partitions) if (pause.isPaused(partition)) reader.pause(partition);
  }
}
