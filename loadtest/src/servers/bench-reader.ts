import type { EventLogReader, LogListener, ReceivedRecord } from '@carillon/event-log';
import { fromKafkaMessage, PartitionReading } from '@carillon/event-log/kafka-steps';
import { nextTurn } from './commands.ts';
import { decodeBatch } from './record-batch.ts';

/** A partition's record batch as it would come in a fetch answer. */
export type FetchedBatch = { readonly partition: number; readonly bytes: Buffer };

const generation = 1;
/** Records handed over and not finished: below it the next batch is decoded. About what a fetch holds. */
const maxUnfinished = 500;

/**
 * The event log of the in-process benchmarks: kafkajs's own decoding of record batches and the production reader's steps for each
 * record, without broker, fetch and commit requests.
 */
export class BenchReader implements EventLogReader {
  readonly #readings: readonly PartitionReading[];
  readonly #paused = new Set<number>();
  #listener: LogListener | undefined;
  #unfinished = 0;

  constructor(partitionCount: number) {
    this.#readings = Array.from({ length: partitionCount }, () => new PartitionReading(0));
  }

  async start(listener: LogListener): Promise<void> {
    this.#listener = listener;
    listener.onAssigned(generation, this.assignedPartitions());
  }

  finish(record: ReceivedRecord): void {
    this.#readings[record.partition]?.finish(record.offset);
    this.#unfinished -= 1;
  }

  /** Everything handed over is finished. */
  isIdle(): boolean {
    return this.#unfinished === 0;
  }

  /** The next offset of a partition. */
  next(partition: number): number {
    return this.#readings[partition]?.next ?? 0;
  }

  /** Decodes a batch and hands its records over, as soon as fewer than a batch wait. */
  async feed({ partition, bytes }: FetchedBatch): Promise<void> {
    while (this.#unfinished >= maxUnfinished || this.#paused.has(partition)) await nextTurn();
    const messages = await decodeBatch(bytes);
    const reading = this.#readings[partition];
    if (reading === undefined) throw new RangeError(`no partition ${partition}`);
    const start = Number(messages[0]?.offset ?? 0);
    if (reading.accept(start, start + messages.length) !== 'expected') throw new Error(`offset ${start} does not follow`);
    const records: ReceivedRecord[] = [];
    for (const message of messages) {
      reading.hand(Number(message.offset));
      records.push(fromKafkaMessage(message, partition, generation));
    }
    this.#unfinished += records.length;
    this.#listener?.onRecords(partition, records);
  }

  pause(partition: number): void {
    this.#paused.add(partition);
  }

  resume(partition: number): void {
    this.#paused.delete(partition);
  }

  assignedPartitions(): readonly number[] {
    return [...this.#readings.keys()];
  }

  memberId(): string {
    return 'bench';
  }

  isConnected(): boolean {
    return true;
  }

  lagRecords(): number {
    return this.#unfinished;
  }

  async stopFetching(): Promise<void> {
    await nextTurn();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await nextTurn();
  }
}
