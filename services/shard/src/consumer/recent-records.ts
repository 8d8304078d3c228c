import type { ReceivedRecord } from '@carillon/event-log';
import type { FrameKind, OutgoingFrame } from '../connection/outgoing-frame.ts';
import { BatchMemory } from './batch-memory.ts';
import { RecordRing } from './record-ring.ts';

type Kept = { readonly ring: RecordRing; readonly startedAt: number };

/** Of all partitions together, and of one. */
const maxBytes = 64 << 20;
const maxRingBytes = 4 << 20;
const posPattern = /^(\d{1,16})\.(\d{1,16})$/;

/**
 * The recent records of the partitions that this shard owns, as it consumed them itself: what a client that comes back is replayed
 * from, without a database [R6].
 *
 * A client's `pos` names the record up to which it was given everything. That promise ends wherever this shard may have missed a
 * record: a partition that was somebody else's meanwhile, or a record that cannot be read. There the ring starts anew, and its
 * *start* gets a number. Connections that were here before such a start are not promised anything until they were told to sync.
 */
export class RecentRecords {
  readonly #kept = new Map<number, Kept>();
  readonly #memory = new BatchMemory();
  #memberId: string | undefined;
  #starts = 0;
  #ringBytes = maxRingBytes;

  /** Counts up: who is complete now may be promised what rings hold that started before. */
  get starts(): number {
    return this.#starts;
  }

  /** The partitions of this shard from now on. Only the same member of the group knows that nobody else had one of them meanwhile. */
  assign(partitions: readonly number[], memberId: string | undefined): void {
    const assigned = new Set(memberId === this.#memberId ? partitions : []);
    this.#memberId = memberId;
    this.#ringBytes = Math.min(maxRingBytes, Math.floor(maxBytes / Math.max(partitions.length, 1)));
    for (const [partition, { ring }] of this.#kept) {
      if (!assigned.has(partition)) this.#kept.delete(partition);
      ring.dropUnfinished();
      ring.trim(this.#ringBytes);
    }
    for (const partition of partitions) if (!this.#kept.has(partition)) this.#start(partition);
  }

  /** Before its delivery, in the log's order. */
  push(record: ReceivedRecord, kind: FrameKind): void {
    const kept = this.#kept.get(record.partition);
    if (kept === undefined) return;
    kept.ring.push(record, kind);
    kept.ring.trim(this.#ringBytes);
  }

  /** The record was handed to all connections here and to all other shards. */
  finish(record: Pick<ReceivedRecord, 'partition' | 'offset'>): void {
    this.#kept.get(record.partition)?.ring.finish(record.offset);
  }

  /** A record of the partition was passed over: nobody can be replayed across it. */
  forget(partition: number): void {
    if (this.#kept.has(partition)) this.#start(partition);
  }

  /** The `pos` of a connection that has been complete since that many starts; undefined where it cannot be promised. */
  positionOf(partition: number, completeSince: number): string | undefined {
    if (!this.isUnbroken(partition, completeSince)) return undefined;
    const record = this.#kept.get(partition)?.ring.newestFinished();
    return record === undefined ? undefined : `${record.offset}.${record.appendedAtMs}`;
  }

  /** The partition is this shard's, and has been without a break since that many starts. */
  isUnbroken(partition: number, since: number): boolean {
    const kept = this.#kept.get(partition);
    return kept !== undefined && kept.startedAt <= since;
  }

  /**
   * What the user was sent behind `pos`, oldest first; undefined where that is not known for certain. Whatever comes later is still to
   * be delivered. A scan of one ring: at most a millisecond.
   */
  framesBehind(pos: string, partition: number, userId: string): readonly OutgoingFrame[] | undefined {
    const [, offset, appendedAtMs] = posPattern.exec(pos) ?? [];
    if (offset === undefined) return undefined;
    return this.#kept.get(partition)?.ring.framesBehind(Number(offset), Number(appendedAtMs), userId);
  }

  #start(partition: number): void {
    this.#starts += 1;
    this.#kept.set(partition, { ring: new RecordRing(this.#memory), startedAt: this.#starts });
  }
}
