import { type Clock, systemClock } from '@carillon/runtime';
import type { EventLogReader, EventLogWriter, GroupMember, LogRecord } from './event-log.ts';
import { InProcessReader } from './in-process-reader.ts';
import { RetainedPartition, type Retention } from './retained-partition.ts';
import { assignPartitions } from './sticky-assigner.ts';

type InProcessOptions = {
  readonly partitionCount: number;
  /** Per partition; by default 20,000 records and 8 MiB of values. */
  readonly retention?: Retention;
  readonly clock?: Clock;
};

const defaultRetention = { maxRecords: 20_000, maxBytes: 8 << 20 };

/**
 * The event log in memory, for one process: one log, one group. A join or leave gives every reader a new assignment at once.
 * Offsets are committed as records are finished. Lost with the process, as the contract of the log allows.
 */
export class InProcessEventLog {
  readonly partitionCount: number;
  readonly #clock: Clock;
  readonly #partitions: readonly RetainedPartition[];
  readonly #members = new Set<InProcessReader>();
  #generation = 0;
  #memberNumber = 0;

  constructor(options: InProcessOptions) {
    const retention = options.retention ?? defaultRetention;
    this.partitionCount = options.partitionCount;
    this.#clock = options.clock ?? systemClock;
    this.#partitions = Array.from({ length: options.partitionCount }, () => new RetainedPartition(retention));
  }

  createWriter(): EventLogWriter {
    return new InProcessWriter(this);
  }

  createReader(member: () => GroupMember): EventLogReader {
    this.#memberNumber += 1;
    return new InProcessReader(this, `in-process-${this.#memberNumber}`, member);
  }

  /** Called by writers: appends and wakes the owners. */
  append(records: readonly LogRecord[]): void {
    const appendedAtMs = this.#clock.nowMs();
    for (const record of records) this.partition(record.partition).append(record, appendedAtMs);
    const touched = new Set(records.map((record) => record.partition));
    for (const member of this.#members) member.wake(touched);
  }

  partition(index: number): RetainedPartition {
    const partition = this.#partitions[index];
    if (partition === undefined) throw new RangeError(`partition ${index} of ${this.partitionCount}`);
    return partition;
  }

  /** Called by readers. */
  join(reader: InProcessReader): void {
    this.#members.add(reader);
    this.#rebalance();
  }

  /** Called by readers, and by tests for a reader whose process would have died: what it has not finished comes to the others. */
  leave(reader: EventLogReader): void {
    if (!(reader instanceof InProcessReader) || !this.#members.delete(reader)) return;
    reader.assign(-1, []);
    this.#rebalance();
  }

  #rebalance(): void {
    this.#generation += 1;
    const generation = this.#generation;
    const members = Array.from(this.#members, (reader) => reader.asMember());
    const assignment = assignPartitions(members, this.partitionCount);
    for (const reader of [...this.#members]) {
      if (this.#generation === generation) reader.assign(generation, assignment.get(reader.memberId()) ?? []);
    }
  }
}

class InProcessWriter implements EventLogWriter {
  readonly #log: InProcessEventLog;
  #isOpen = false;

  constructor(log: InProcessEventLog) {
    this.#log = log;
  }

  get partitionCount(): number {
    return this.#log.partitionCount;
  }

  async open(): Promise<void> {
    this.#isOpen = true;
  }

  isOpen(): boolean {
    return this.#isOpen;
  }

  async append(records: readonly LogRecord[]): Promise<void> {
    this.#log.append(records);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isOpen = false;
  }
}
