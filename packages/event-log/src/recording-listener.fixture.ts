import type { EventLogReader, LogListener, ReceivedRecord } from './event-log.ts';

/** Keeps all that a reader tells; finishes every record at once, or leaves that to the test. */
export class RecordingListener implements LogListener {
  readonly records: ReceivedRecord[] = [];
  readonly poison: { partition: number; offset: number; error: Error }[] = [];
  readonly damaged: { record: ReceivedRecord; error: Error }[] = [];
  readonly assignments: { generation: number; partitions: readonly number[] }[] = [];
  readonly skipped: { partition: number; records: number }[] = [];
  readonly dead: Error[] = [];
  /** The offsets of records, readable or not, in the order in which they were told. */
  readonly order: number[] = [];
  readonly #reader: EventLogReader;
  readonly #finishes: boolean;

  constructor(reader: EventLogReader, options: { finishes: boolean }) {
    this.#reader = reader;
    this.#finishes = options.finishes;
  }

  get generation(): number {
    return this.assignments.at(-1)?.generation ?? -1;
  }

  of(partition: number): ReceivedRecord[] {
    return this.records.filter((record) => record.partition === partition);
  }

  onAssigned(generation: number, partitions: readonly number[]): void {
    this.assignments.push({ generation, partitions });
  }

  onRecords(_partition: number, records: readonly ReceivedRecord[]): void {
    this.records.push(...records);
    this.order.push(...records.map(({ offset }) => offset));
    if (this.#finishes) for (const record of records) this.#reader.finish(record);
  }

  onDamaged(record: ReceivedRecord, error: Error): void {
    this.damaged.push({ record, error });
    this.order.push(record.offset);
    if (this.#finishes) this.#reader.finish(record);
  }

  onPoison(partition: number, offset: number, error: Error): void {
    this.poison.push({ partition, offset, error });
    this.order.push(offset);
  }

  onSkipped(partition: number, records: number): void {
    this.skipped.push({ partition, records });
  }

  onDead(error: Error): void {
    this.dead.push(error);
  }
}
