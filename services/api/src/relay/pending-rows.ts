import type { OutboxRow } from '@carillon/store';
import type { SizedRecord } from './to-records.ts';

/** A row on its way: read, perhaps expanded, perhaps sent in part. */
export type PendingRow = {
  readonly row: OutboxRow;
  readonly readAtMs: number;
  /** Its records, once a batch has asked for them. */
  records?: readonly SizedRecord[];
  /** How many of them the event log has acknowledged. */
  sent: number;
};

type AcknowledgedPart = { readonly pending: PendingRow; readonly records: readonly SizedRecord[]; readonly isLast: boolean };

/**
 * The rows read but not yet acknowledged, oldest first in each bucket: at most `rowsPerBucket` each, since a bucket is read
 * again only when its rows are gone; and the rows of one append that are acknowledged but not yet deleted. They belong to one
 * session: whoever loses the bucket forgets them.
 */
export class PendingRows {
  readonly #buckets = new Map<number, PendingRow[]>();
  #acknowledged: OutboxRow[] = [];
  #turn = 0;

  add(rows: readonly OutboxRow[], readAtMs: number): void {
    for (const row of rows) {
      const queue = this.#buckets.get(row.bucket);
      if (queue === undefined) this.#buckets.set(row.bucket, [{ row, readAtMs, sent: 0 }]);
      else queue.push({ row, readAtMs, sent: 0 });
    }
  }

  /** Of these buckets, those with nothing left: the ones to read. */
  drained(buckets: Iterable<number>): number[] {
    return [...buckets].filter((bucket) => !this.#buckets.has(bucket));
  }

  /** Forgets the rows of buckets that are not own any more. */
  keepOnly(owned: ReadonlySet<number>): void {
    for (const bucket of [...this.#buckets.keys()]) if (!owned.has(bucket)) this.#buckets.delete(bucket);
  }

  /** The queues in the order of their turns; another bucket comes first each time, so that none is always served last. */
  inTurn(): (readonly PendingRow[])[] {
    const queues = [...this.#buckets.values()];
    this.#turn = queues.length === 0 ? 0 : (this.#turn + 1) % queues.length;
    return [...queues.slice(this.#turn), ...queues.slice(0, this.#turn)];
  }

  /** The log has acknowledged these parts. Rows sent whole are to be deleted from the outbox; the others go on where they are. */
  acknowledge(parts: readonly AcknowledgedPart[]): void {
    for (const part of parts) part.pending.sent += part.records.length;
    const done = new Set(parts.filter((part) => part.isLast).map((part) => part.pending));
    for (const [bucket, queue] of [...this.#buckets]) {
      const rest = queue.filter((pending) => !done.has(pending));
      if (rest.length === 0) this.#buckets.delete(bucket);
      else this.#buckets.set(bucket, rest);
    }
    this.#acknowledged.push(...Array.from(done, ({ row }) => row));
  }

  /** The rows sent whole since the last call: whoever takes them deletes them, before or while it reads their buckets again. */
  takeAcknowledged(): OutboxRow[] {
    return this.#acknowledged.splice(0);
  }
}
