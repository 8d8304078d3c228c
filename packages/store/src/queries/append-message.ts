import type { Attachment, Message, MessageType } from '@carillon/protocol';
import type { Database, Queryable } from '../database.ts';
import { sqlState } from '../unavailable.ts';

export type AppendMessageInput = {
  readonly id: string;
  readonly chatId: string;
  readonly userId: string;
  readonly clientMessageId: string;
  readonly contentHash: Buffer;
  readonly type: MessageType;
  readonly text: string | null;
  readonly attachments: readonly Attachment[];
  readonly traceparent?: string | undefined;
};

export type AppendMessageOutcome =
  | { readonly kind: 'created' | 'existing'; readonly message: Message }
  | { readonly kind: 'conflict' }
  | { readonly kind: 'not_found' };

/*
 * One statement, one round trip. `head` takes the chat's row lock and the next numbers. The membership in `me` is read before
 * that wait, so `head` compares member_version: a sender removed meanwhile stores nothing (an EXISTS would see the old
 * snapshot). The time is taken after the lock, so a chat's dates follow its seq.
 */
const append = {
  name: 'append-message',
  text: `WITH me AS (
      SELECT c.id, c.member_version FROM chats c JOIN members m ON m.chat_id = c.id
      WHERE c.id = $2 AND c.deleted_at IS NULL AND m.user_id = $3 AND m.left_seq IS NULL
    ), head AS (
      UPDATE chats c SET seq = c.seq + 1, message_no = c.message_no + 1, last_xid = pg_current_xact_id() FROM me
      WHERE c.id = me.id AND c.member_version = me.member_version AND c.deleted_at IS NULL
      RETURNING c.id, c.seq, c.message_no, date_trunc('milliseconds', clock_timestamp()) AS at
    ), message AS (
      INSERT INTO messages (id, chat_id, seq, message_no, sender_id, client_message_id, content_hash, type, text, attachments, date)
      SELECT $1, head.id, head.seq, head.message_no, $3, $4, $5, $6, $7, $8::jsonb, head.at FROM head
      RETURNING wire_message(messages) AS wire
    ), event AS (
      INSERT INTO events (chat_id, seq, event, message_id, data, actor_id, at, xid)
      SELECT head.id, head.seq, 'message.created', $1, jsonb_build_object('message', message.wire), $3, head.at, pg_current_xact_id()
      FROM head, message
    ), queued AS (
      INSERT INTO outbox (bucket, chat_id, seq, traceparent) SELECT bucket_of(head.id), head.id, head.seq, $9 FROM head
    ), own AS (
      UPDATE members m SET read_message_no = GREATEST(m.read_message_no, head.message_no), read_xid = pg_current_xact_id()
      FROM head WHERE m.chat_id = head.id AND m.user_id = $3 AND m.left_seq IS NULL
    )
    SELECT EXISTS (SELECT 1 FROM me) AS is_member, message.wire AS message FROM (SELECT 1) one LEFT JOIN message ON true`,
};

const lock = { name: 'lock-chat-for-send', text: 'SELECT 1 FROM chats WHERE id = $1 FOR NO KEY UPDATE' };

const readStored = {
  name: 'read-stored-message',
  text: `SELECT wire_message(g) AS message, g.content_hash = $4 AS is_same FROM messages g
    JOIN members m ON m.chat_id = g.chat_id AND m.user_id = $2 AND m.left_seq IS NULL
    JOIN chats c ON c.id = g.chat_id AND c.deleted_at IS NULL
    WHERE g.chat_id = $1 AND g.sender_id = $2 AND g.client_message_id = $3`,
};

type AppendRow = { is_member: boolean; message: Message | null };

/**
 * Stores a message with its event and outbox row, all or nothing [D1], and moves the sender's read position [M9]. The same
 * `clientMessageId` again finds the stored message as it is now [H1]: the unique index refuses the statement, so no number is
 * burnt [M1].
 */
export async function appendMessage(db: Database, input: AppendMessageInput): Promise<AppendMessageOutcome> {
  try {
    const first = await tryAppend(db, input);
    if (first !== 'members changed') return first;
    // Under the lock they cannot change again: a plain retry was seen to fail 9 of 10 times beside 20 joins a second.
    const second = await db.transaction(async (transaction) => {
      await transaction.query(lock, [input.chatId]);
      return tryAppend(transaction, input);
    });
    return second === 'members changed' ? { kind: 'not_found' } : second;
  } catch (error) {
    if (!isDuplicate(error)) throw error;
    return readExisting(db, input);
  }
}

async function tryAppend(connection: Queryable, input: AppendMessageInput): Promise<AppendMessageOutcome | 'members changed'> {
  const { id, chatId, userId, clientMessageId, contentHash, type, text } = input;
  const attachments = JSON.stringify(input.attachments);
  const values = [id, chatId, userId, clientMessageId, contentHash, type, text, attachments, input.traceparent ?? null];
  const [row] = await connection.query<AppendRow>(append, values);
  if (row?.is_member !== true) return { kind: 'not_found' };
  return row.message === null ? 'members changed' : { kind: 'created', message: row.message };
}

function isDuplicate(error: unknown): boolean {
  return sqlState(error) === '23505';
}

async function readExisting(db: Database, input: AppendMessageInput): Promise<AppendMessageOutcome> {
  const values = [input.chatId, input.userId, input.clientMessageId, input.contentHash];
  const [stored] = await db.query<{ message: Message; is_same: boolean }>(readStored, values);
  if (stored === undefined) return { kind: 'not_found' }; // removed, or the chat deleted, since the statement was refused
  return stored.is_same ? { kind: 'existing', message: stored.message } : { kind: 'conflict' };
}
