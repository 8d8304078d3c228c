import { Client } from 'pg';

export type StoredEvent = { readonly seq: number; readonly event: string; readonly text: string | null; readonly isDeleted: boolean };
type StoredMessage = {
  readonly chatId: string;
  readonly seq: number;
  readonly senderId: string;
  readonly clientMessageId: string;
};
type Interval = { readonly joinedSeq: number; readonly leftSeq: number };

/** What Postgres says: the only truth. */
export type Truth = {
  /** Each chat's last `seq`. */
  readonly heads: ReadonlyMap<string, number>;
  /** Each chat's events in `seq` order. */
  readonly events: ReadonlyMap<string, readonly StoredEvent[]>;
  readonly messages: readonly StoredMessage[];
  /** Memberships by `chat user`. */
  readonly intervals: ReadonlyMap<string, readonly Interval[]>;
  readonly outboxRows: number;
};

/** Reads all of it in one snapshot. */
export async function readTruth(databaseUrl: string): Promise<Truth> {
  const client = new Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ');
    const chats = await client.query<{ id: string; seq: string }>('SELECT id, seq FROM chats');
    const events = await client.query<{ chat_id: string; seq: string; event: string; text: string | null; deleted: boolean }>(
      `SELECT e.chat_id, e.seq, e.event, e.data->'message'->>'text' AS text, e.data->'message'->>'deleted_at' IS NOT NULL AS deleted
       FROM events e ORDER BY e.chat_id, e.seq`,
    );
    const messages = await client.query<{ chat_id: string; seq: string; sender_id: string; client_message_id: string }>(
      'SELECT chat_id, seq, sender_id, client_message_id FROM messages ORDER BY chat_id, seq',
    );
    const members = await client.query<{ chat_id: string; user_id: string; joined_seq: string; left_seq: string | null }>(
      'SELECT chat_id, user_id, joined_seq, left_seq FROM members ORDER BY joined_seq',
    );
    const outbox = await client.query<{ rows: string }>('SELECT count(*) AS rows FROM outbox');
    return {
      heads: new Map(chats.rows.map((chat) => [chat.id, Number(chat.seq)])),
      events: groupBy(
        events.rows,
        (row) => row.chat_id,
        (row) => ({ seq: Number(row.seq), event: row.event, text: row.text, isDeleted: row.deleted }),
      ),
      messages: messages.rows.map((row) => ({
        chatId: row.chat_id,
        seq: Number(row.seq),
        senderId: row.sender_id,
        clientMessageId: row.client_message_id,
      })),
      intervals: groupBy(
        members.rows,
        (row) => `${row.chat_id} ${row.user_id}`,
        (row) => ({ joinedSeq: Number(row.joined_seq), leftSeq: row.left_seq === null ? Number.POSITIVE_INFINITY : Number(row.left_seq) }),
      ),
      outboxRows: Number(outbox.rows[0]?.rows),
    };
  } finally {
    await client.end();
  }
}

/** The events of a chat that this user may see: those inside a membership. */
export function visibleTo(truth: Truth, chatId: string, userId: string): readonly StoredEvent[] {
  return (truth.events.get(chatId) ?? []).filter(({ seq }) => maySee(truth, chatId, userId, seq));
}

export function maySee(truth: Truth, chatId: string, userId: string, seq: number): boolean {
  const intervals = truth.intervals.get(`${chatId} ${userId}`) ?? [];
  return intervals.some(({ joinedSeq, leftSeq }) => joinedSeq <= seq && seq <= leftSeq);
}

function groupBy<Row, Value>(rows: readonly Row[], keyOf: (row: Row) => string, itemOf: (row: Row) => Value): Map<string, Value[]> {
  const groups = new Map<string, Value[]>();
  for (const row of rows) {
    const group = groups.get(keyOf(row));
    if (group === undefined) groups.set(keyOf(row), [itemOf(row)]);
    else group.push(itemOf(row));
  }
  return groups;
}
