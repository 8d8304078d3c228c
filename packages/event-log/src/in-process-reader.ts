import { assert } from '@carillon/runtime';
import { CommitTracker } from './commit-tracker.ts';
import type { EventLogReader, GroupMember, LogListener, ReceivedRecord } from './event-log.ts';
import type { RetainedPartition } from './retained-partition.ts';
import type { AssignmentMember } from './sticky-assigner.ts';

/** The log as its readers use it. */
type GroupLog = {
  partition(index: number): RetainedPartition;
  join(reader: InProcessReader): void;
  leave(reader: InProcessReader): void;
};

/** Records of one partition that are handed over before the next partition has its turn. */
const batchSize = 500;

/**
 * A member of the in-process group. Records are handed over in a turn of the event loop of their own (`setImmediate`), all
 * that gathered at once: never inside the writer's call.
 */
export class InProcessReader implements EventLogReader {
  readonly #log: GroupLog;
  readonly #memberId: string;
  readonly #member: () => GroupMember;
  readonly #paused = new Set<number>();
  #trackers = new Map<number, CommitTracker>();
  #listener: LogListener | undefined;
  #generation = -1;
  #isFetching = false;
  #isTurnDue = false;

  constructor(log: GroupLog, memberId: string, member: () => GroupMember) {
    this.#log = log;
    this.#memberId = memberId;
    this.#member = member;
  }

  async start(listener: LogListener): Promise<void> {
    assert(this.#listener === undefined, 'a reader is started once');
    this.#listener = listener;
    this.#isFetching = true;
    this.#log.join(this);
  }

  finish(record: ReceivedRecord): void {
    if (record.generation !== this.#generation) return;
    const tracker = this.#trackers.get(record.partition);
    tracker?.finish(record.offset);
    if (tracker !== undefined) this.#log.partition(record.partition).commit(tracker.position);
  }

  pause(partition: number): void {
    this.#paused.add(partition);
  }

  resume(partition: number): void {
    if (this.#paused.delete(partition)) this.#requestTurn();
  }

  assignedPartitions(): readonly number[] {
    return [...this.#trackers.keys()];
  }

  memberId(): string {
    return this.#memberId;
  }

  isConnected(): boolean {
    return this.#listener !== undefined;
  }

  lagRecords(): number {
    let lag = 0;
    for (const index of this.#trackers.keys()) {
      const partition = this.#log.partition(index);
      lag += partition.end - partition.committed;
    }
    return lag;
  }

  async stopFetching(): Promise<void> {
    this.#isFetching = false;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isFetching = false;
    this.#log.leave(this);
  }

  /** Called by the log. */
  asMember(): AssignmentMember {
    return { ...this.#member(), memberId: this.#memberId, owned: this.assignedPartitions() };
  }

  /** Called by the log: reading starts anew at what is committed. Generation -1: no member any more. */
  assign(generation: number, partitions: readonly number[]): void {
    this.#generation = generation;
    this.#trackers = new Map(partitions.map((index) => [index, new CommitTracker(this.#log.partition(index).committed)]));
    for (const partition of this.#paused) if (!this.#trackers.has(partition)) this.#paused.delete(partition);
    if (generation < 0) return;
    this.#listener?.onAssigned(generation, partitions);
    this.#requestTurn();
  }

  /** Called by the log: these partitions have new records. */
  wake(partitions: ReadonlySet<number>): void {
    if (this.assignedPartitions().some((partition) => partitions.has(partition))) this.#requestTurn();
  }

  #requestTurn(): void {
    if (this.#isTurnDue) return;
    this.#isTurnDue = true;
    setImmediate(() => {
      this.#isTurnDue = false;
      this.#turn();
    });
  }

  #turn(): void {
    const generation = this.#generation;
    for (const index of this.#trackers.keys()) {
      if (generation !== this.#generation || !this.#isFetching) return;
      if (!this.#paused.has(index)) this.#handOver(index, this.#log.partition(index));
    }
  }

  #handOver(index: number, partition: RetainedPartition): void {
    const tracker = this.#trackerOf(index, partition);
    const found = partition.read(tracker.next, batchSize);
    if (found.length === 0) return;
    for (const { offset } of found) tracker.hand(offset);
    if (tracker.next < partition.end) this.#requestTurn();
    const generation = this.#generation;
    const records = found.map(({ record, offset, appendedAtMs }) => ({ ...record, offset, appendedAtMs, generation }));
    this.#listener?.onRecords(index, records);
  }

  /** When the retention has taken records before they were read, the listener is told, and reading goes on behind them. */
  #trackerOf(index: number, partition: RetainedPartition): CommitTracker {
    const tracker = this.#trackers.get(index);
    if (tracker !== undefined && tracker.next >= partition.start) return tracker;
    const fresh = new CommitTracker(partition.start);
    this.#trackers.set(index, fresh);
    if (tracker !== undefined) {
      const lost = partition.start - tracker.next;
      this.#listener?.onPoison(index, tracker.next, new Error(`the retention dropped ${lost} records before they were read`));
    }
    return fresh;
  }
}
