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

type AcknowledgedPart = { readonly pending: PendingRow; readonly records: readonly SizedRecord[]; readonly isLast: boolean };

/** What is held of one bucket at most, and above how many bytes of data it is not read on; how much of them one read takes. */
const rowsPerBucket = 128;
const bytesPerBucket = 2 << 20;
const bytesPerRead = 512 << 10;
/** Smaller than any chat's id. */
const first = '00000000-0000-0000-0000-000000000000';

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
    const taken = new Map<number, { rows: number; bytes: number; lastChat: string }>();
    for (const row of rows) {
      const { bucket, chatId, bytes } = row;
      const before = taken.get(bucket) ?? { rows: 0, bytes: 0, lastChat: first };
      const lastChat = chatId > before.lastChat ? chatId : before.lastChat;
      taken.set(bucket, { rows: before.rows + 1, bytes: before.bytes + bytes, lastChat });
      const queue = this.#chats.get(chatId);
      if (queue === undefined) this.#chats.set(chatId, [{ row, readAtMs, sent: 0 }]);
      else queue.push({ row, readAtMs, sent: 0 });
    }
    let hasWrapped = false;
    for (const { bucket, rows: room, bytes: bytesRoom, afterChat } of buckets) {
      const { rows: count, bytes, lastChat } = taken.get(bucket) ?? { rows: 0, bytes: 0, lastChat: first };
      if (count === room || bytes >= bytesRoom) this.#afterChat.set(bucket, lastChat);
      else hasWrapped = this.#afterChat.delete(bucket) && afterChat !== first ? true : hasWrapped;
    }
    return hasWrapped;
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
