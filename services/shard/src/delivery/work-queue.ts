import type { ReceivedRecord } from '@carillon/event-log';
import type { OutgoingFrame } from '../connection/outgoing-frame.ts';

/** A record on its way to its recipients: those before `next` are done. */
export type Work = { readonly record: ReceivedRecord; readonly frame: OutgoingFrame; readonly bytes: number; next: number };

/**
 * The records of one partition that wait, in the log's order. Bound: the pool pauses the reader above its high-water mark, so what it
 * holds is that and what one fetch adds.
 */
export class PartitionWork {
  readonly partition: number;
  /** Its routes are being loaded: it gives up its turns until then. */
  isBlocked = false;
  /** It waits for its turn or has it. */
  isInTurn = false;
  /** The reader was asked to hold back. */
  isPaused = false;
  bytes = 0;
  #waiting: Work[] = [];
  #head = 0;

  constructor(partition: number) {
    this.partition = partition;
  }

  get length(): number {
    return this.#waiting.length - this.#head;
  }

  /** The oldest one; it stays until `finishOldest`. */
  oldest(): Work | undefined {
    return this.#waiting[this.#head];
  }

  push(work: Work): void {
    this.#waiting.push(work);
    this.bytes += work.bytes;
  }

  finishOldest(): void {
    this.bytes -= this.oldest()?.bytes ?? 0;
    this.#head += 1;
    if (this.#head < 256 || this.#head * 2 < this.#waiting.length) return;
    this.#waiting = this.#waiting.slice(this.#head);
    this.#head = 0;
  }
}

/** More waits for the partition than the mark says. */
export function isAbove(work: PartitionWork, mark: { records: number; bytes: number }): boolean {
  return work.length > mark.records || work.bytes > mark.bytes;
}

/**
 * One lane's records. Its partitions take turns by chunk, so that a large group's record delays another partition by one chunk
 * at most [D8]; within a partition the order is the log's [M4]. Bound: one entry per partition, and what each of them holds.
 */
export class WorkQueue {
  readonly #partitions = new Map<number, PartitionWork>();
  #turns: PartitionWork[] = [];

  /** The partition that the record was added to. */
  push(work: Work): PartitionWork {
    const partition = this.#partition(work.record.partition);
    partition.push(work);
    if (!partition.isInTurn && !partition.isBlocked) this.#queue(partition);
    return partition;
  }

  /** The partition whose turn it is, with at least one record; undefined when there is none that can go on. */
  takeTurn(): PartitionWork | undefined {
    return this.#turns.shift();
  }

  /** After its turn: the partition comes again behind the others, if it has records. */
  endTurn(partition: PartitionWork): void {
    partition.isInTurn = false;
    if (partition.length > 0) this.#queue(partition);
  }

  /** Instead of `endTurn`: the partition waits for `unblock`. */
  block(partition: PartitionWork): void {
    partition.isInTurn = false;
    partition.isBlocked = true;
  }

  unblock(partition: PartitionWork): void {
    partition.isBlocked = false;
    if (!partition.isInTurn) this.endTurn(partition);
  }

  hasTurn(): boolean {
    return this.#turns.length > 0;
  }

  partitions(): Iterable<PartitionWork> {
    return this.#partitions.values();
  }

  #queue(partition: PartitionWork): void {
    partition.isInTurn = true;
    this.#turns.push(partition);
  }

  #partition(id: number): PartitionWork {
    const known = this.#partitions.get(id);
    if (known !== undefined) return known;
    const made = new PartitionWork(id);
    this.#partitions.set(id, made);
    return made;
  }
}
