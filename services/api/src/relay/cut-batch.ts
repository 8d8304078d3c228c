import type { PendingRow } from './pending-rows.ts';
import type { SizedRecord } from './to-records.ts';

/** What one append may hold. */
export type BatchLimits = {
  readonly rows: number;
  readonly records: number;
  readonly bytes: number;
  readonly bytesPerPartition: number;
};

/**
 * A broker refuses more than 1 MB per partition and request for good, and hangs up over 100 MB; 500 rows of 300 B with 64
 * records each fit but take 1.1 s, while every other chat waits.
 */
export const batchLimits: BatchLimits = { rows: 500, records: 4_000, bytes: 8 << 20, bytesPerPartition: 512 << 10 };

/** A row's next records in this batch: all that are left, or the first of them. */
export type BatchPart = { readonly pending: PendingRow; readonly records: readonly SizedRecord[]; readonly isLast: boolean };

/** A row's records in the order of sending; called for rows in the order of their turns, once per row. */
type RecordsOf = (pending: PendingRow) => Promise<readonly SizedRecord[]>;

type BatchSource = {
  /** Each chat's rows, oldest first, in the order of the chats' turns. */
  readonly queues: readonly (readonly PendingRow[])[];
  readonly recordsOf: RecordsOf;
  /** What may go along where there is room; the rest is dropped. */
  readonly signals?: readonly SizedRecord[];
  readonly limits?: BatchLimits;
};

/** What one append holds. */
export type Batch = { readonly parts: readonly BatchPart[]; readonly signals: readonly SizedRecord[] };

/**
 * Fills one batch from the queues, a row from each in turn, so that a long backlog never keeps another chat's row out [D16].
 * A row that does not fit is cut: the rest of it, and of its chat, waits for the next batch, which keeps the chat's order.
 * Invariants [D11]: the batch stays within `limits`, save a first record that is larger than they are by itself;
 * with anything to send, the batch is not empty.
 */
export async function cutBatch({ queues, recordsOf, signals = [], limits = batchLimits }: BatchSource): Promise<Batch> {
  const room = new Room(limits);
  const parts: BatchPart[] = [];
  for (let turn = 0, open = queues; open.length > 0; turn += 1) {
    const going: (readonly PendingRow[])[] = [];
    for (const queue of open) {
      const part = parts.length < limits.rows ? await cutPart(queue[turn], recordsOf, room) : undefined;
      if (part === undefined) continue;
      parts.push(part);
      if (part.isLast) going.push(queue);
    }
    open = going;
  }
  return { parts, signals: signals.filter((signal) => room.take(signal)) };
}

/** The row's next records that there is room for; `undefined` when there is none, or no row. */
async function cutPart(pending: PendingRow | undefined, recordsOf: RecordsOf, room: Room): Promise<BatchPart | undefined> {
  if (pending === undefined || room.isFull()) return undefined;
  const all = await recordsOf(pending);
  let end = pending.sent;
  for (let next = all[end]; next !== undefined && room.take(next); next = all[end]) end += 1;
  const isLast = end === all.length;
  return isLast || end > pending.sent ? { pending, records: all.slice(pending.sent, end), isLast } : undefined;
}

/** What is left of a batch's bounds. An empty batch has room for any record. */
class Room {
  readonly #limits: BatchLimits;
  readonly #bytesOfPartition = new Map<number, number>();
  #records = 0;
  #bytes = 0;

  constructor(limits: BatchLimits) {
    this.#limits = limits;
  }

  isFull(): boolean {
    return this.#records >= this.#limits.records || this.#bytes >= this.#limits.bytes;
  }

  /** Counts the record in, or answers false when it does not fit. */
  take({ record, bytes }: SizedRecord): boolean {
    const inPartition = (this.#bytesOfPartition.get(record.partition) ?? 0) + bytes;
    const fits = !this.isFull() && this.#bytes + bytes <= this.#limits.bytes && inPartition <= this.#limits.bytesPerPartition;
    if (!fits && this.#records > 0) return false;
    this.#records += 1;
    this.#bytes += bytes;
    this.#bytesOfPartition.set(record.partition, inPartition);
    return true;
  }
}
