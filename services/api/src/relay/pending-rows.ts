import type { OutboxRead, OutboxRow } from '@carillon/store';
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

type BucketRead = OutboxRead['buckets'][number];
/** What a read gave of one bucket, and the last of its chats. */
type Taken = { readonly rows: number; readonly bytes: number; readonly lastChat: string };

type AcknowledgedPart = { readonly pending: PendingRow; readonly records: readonly SizedRecord[]; readonly isLast: boolean };

/** What is held of one bucket at most, and above how many bytes of data it is not read on; how much of them one read takes. */
const rowsPerBucket = 128;
const bytesPerBucket = 2 << 20;
const bytesPerRead = 512 << 10;
/** Smaller than any chat's id. */
const first = '00000000-0000-0000-0000-000000000000';
const nothing: Taken = { rows: 0, bytes: 0, lastChat: first };

/**
 * The rows read but not yet acknowledged, by chat, each chat's oldest first; and the rows of one append that are acknowledged but not
 * yet deleted. A chat is read again only when its rows are gone, so they stay in order [M3]; the others of its bucket are read on, so
 * none waits for its backlog [D16]. Rows belong to one session: whoever loses the bucket forgets them.
 * Bounds: 128 rows of a bucket; 2 MiB of its data, exceeded by one read at most, which takes 512 KiB and one row.
 */
export class PendingRows {
  /** In the order of their turns: the one that was sent something goes to the end. */
  readonly #chats = new Map<string, PendingRow[]>();
  /** Where the next read of a bucket begins, for one that had more chats than a read takes. */
  readonly #afterChat = new Map<number, string>();
  #acknowledged: OutboxRow[] = [];

  /** What to read of these buckets. Takes the acknowledged rows, which go with it. */
  nextRead(buckets: Iterable<number>): OutboxRead {
    const held = this.#heldByBucket();
    const reads = [...buckets].map((bucket) => {
      const { rows, bytes } = held.get(bucket) ?? { rows: 0, bytes: 0 };
      const room = bytes < bytesPerBucket ? rowsPerBucket - rows : 0;
      return { bucket, rows: room, bytes: bytesPerRead, afterChat: this.#afterChat.get(bucket) ?? first };
    });
    const heldChats = [...this.#chats.keys()];
    return { buckets: reads.filter(({ rows }) => rows > 0), heldChats, acknowledged: this.takeAcknowledged() };
  }

  /** What that read gave. True: a bucket was read from its middle on, so there may be more before it. */
  add(rows: readonly OutboxRow[], { buckets }: OutboxRead, readAtMs: number): boolean {
    for (const row of rows) this.#queue({ row, readAtMs, sent: 0 });
    const taken = takenOf(rows);
    let hasWrapped = false;
    for (const read of buckets) if (this.#advance(read, taken.get(read.bucket) ?? nothing)) hasWrapped = true;
    return hasWrapped;
  }

  #queue(pending: PendingRow): void {
    const queue = this.#chats.get(pending.row.chatId);
    if (queue === undefined) this.#chats.set(pending.row.chatId, [pending]);
    else queue.push(pending);
  }

  /** A read that came to its limit goes on behind its last chat; true: it had begun in the middle and came to the end. */
  #advance({ bucket, rows, bytes, afterChat }: BucketRead, taken: Taken): boolean {
    if (taken.rows < rows && taken.bytes < bytes) return this.#afterChat.delete(bucket) && afterChat !== first;
    this.#afterChat.set(bucket, taken.lastChat);
    return false;
  }

  /** Forgets the rows of buckets that are not own any more. */
  keepOnly(owned: ReadonlySet<number>): void {
    for (const [chatId, [oldest]] of [...this.#chats])
      if (oldest !== undefined && !owned.has(oldest.row.bucket)) this.#chats.delete(chatId);
    for (const bucket of [...this.#afterChat.keys()]) if (!owned.has(bucket)) this.#afterChat.delete(bucket);
  }

  /** Each chat's rows, in the order of the chats' turns. */
  inTurn(): (readonly PendingRow[])[] {
    return [...this.#chats.values()];
  }

  /** The log has acknowledged these parts. Rows sent whole are to be deleted from the outbox; the others go on when their turn comes. */
  acknowledge(parts: readonly AcknowledgedPart[]): void {
    for (const { pending, records, isLast } of parts) {
      const { row } = pending;
      pending.sent += records.length;
      if (isLast) this.#acknowledged.push(row);
      const queue = this.#chats.get(row.chatId);
      if (queue === undefined) continue;
      const rest = isLast ? queue.filter((other) => other !== pending) : queue;
      this.#chats.delete(row.chatId);
      if (rest.length > 0) this.#chats.set(row.chatId, rest);
    }
  }

  /** The rows sent whole since the last call: whoever takes them deletes them, before or while it reads their buckets again. */
  takeAcknowledged(): OutboxRow[] {
    return this.#acknowledged.splice(0);
  }

  #heldByBucket(): ReadonlyMap<number, { rows: number; bytes: number }> {
    const held = new Map<number, { rows: number; bytes: number }>();
    for (const queue of this.#chats.values()) {
      for (const { row } of queue) {
        const { rows, bytes } = held.get(row.bucket) ?? { rows: 0, bytes: 0 };
        held.set(row.bucket, { rows: rows + 1, bytes: bytes + row.bytes });
      }
    }
    return held;
  }
}

function takenOf(rows: readonly OutboxRow[]): Map<number, Taken> {
  const taken = new Map<number, Taken>();
  for (const { bucket, chatId, bytes } of rows) {
    const before = taken.get(bucket) ?? nothing;
    // biome-ignore lint/complexity/useMathMinMax: they are texts
    const lastChat = chatId > before.lastChat ? chatId : before.lastChat;
    taken.set(bucket, { rows: before.rows + 1, bytes: before.bytes + bytes, lastChat });
  }
  return taken;
}
