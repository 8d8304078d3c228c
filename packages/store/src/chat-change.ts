import type { Chat, EventName, Role } from '@carillon/protocol';
import type { Queryable } from './database.ts';

/** The chat and the caller's role in it, read under the chat's row lock: nothing can change them before the commit. */
export type LockedChat = { readonly chat: Chat; readonly role: Role };

// Joined with the caller's membership, so that an outsider locks nothing.
const lock = {
  name: 'lock-chat',
  text: `SELECT 1 FROM chats c JOIN members m ON m.chat_id = c.id
    WHERE c.id = $1 AND c.deleted_at IS NULL AND m.user_id = $2 AND m.left_seq IS NULL
    FOR NO KEY UPDATE OF c`,
};

// A statement of its own: its snapshot is taken after the lock, so it sees who was removed while we waited.
const read = {
  name: 'read-locked-chat',
  text: `SELECT wire_chat(c) AS chat, m.role FROM chats c JOIN members m ON m.chat_id = c.id
    WHERE c.id = $1 AND c.deleted_at IS NULL AND m.user_id = $2 AND m.left_seq IS NULL`,
};

/**
 * Takes the chat's row lock, which every change of the chat takes first: lock order = `seq` order = commit order [M1, M2].
 * Undefined when there is no such chat or the caller is not a member now [H2].
 */
export async function lockChat(transaction: Queryable, input: { chatId: string; userId: string }): Promise<LockedChat | undefined> {
  const locked = await transaction.query(lock, [input.chatId, input.userId]);
  if (locked.length === 0) return undefined;
  const [row] = await transaction.query<LockedChat>(read, [input.chatId, input.userId]);
  return row;
}

/** How a change moves the chat row. `events` = how many numbers it takes. */
export type ChatStep = {
  readonly chatId: string;
  readonly events: number;
  readonly memberDelta?: number;
  readonly changesMembers?: boolean;
};

/** The chat after the step, and the time of the change: the database's, taken after the lock. */
export type SteppedChat = { readonly chat: Chat; readonly at: string };

const advance = {
  name: 'advance-chat',
  text: `UPDATE chats SET seq = seq + $2, member_count = member_count + $3, member_version = member_version + $4, last_xid = pg_current_xact_id()
    WHERE id = $1 RETURNING wire_chat(chats) AS chat, wire_time(clock_timestamp()) AS at`,
};

/** Takes the next numbers of a locked chat. A rollback gives them back. */
export async function advanceChat(transaction: Queryable, step: ChatStep): Promise<SteppedChat> {
  const values = [step.chatId, step.events, step.memberDelta ?? 0, step.changesMembers === true ? 1 : 0];
  const [row] = await transaction.query<SteppedChat>(advance, values);
  if (row === undefined) throw new Error('a locked chat exists');
  return row;
}

export type NewEvent = { readonly seq: number; readonly event: EventName; readonly data: unknown; readonly messageId?: string };

type EventsOfChat = {
  readonly chatId: string;
  readonly actorId: string;
  readonly at: string;
  readonly traceparent?: string | undefined;
  readonly events: readonly NewEvent[];
};

// The outbox rows are made in seq order, so that their ids rise with seq.
const append = {
  name: 'append-events',
  text: `WITH new AS (
      SELECT * FROM unnest($2::bigint[], $3::text[], $4::uuid[], $5::jsonb[]) AS n (seq, event, message_id, data)
    ), stored AS (
      INSERT INTO events (chat_id, seq, event, message_id, data, actor_id, at, xid)
      SELECT $1, n.seq, n.event, n.message_id, n.data, $6, $7::timestamptz, pg_current_xact_id() FROM new n
    )
    INSERT INTO outbox (bucket, chat_id, seq, traceparent)
    SELECT bucket_of($1), $1, n.seq, $8 FROM new n ORDER BY n.seq`,
};

/** Stores events and their outbox rows in the transaction of the change itself [D1]. */
export async function appendEvents(transaction: Queryable, input: EventsOfChat): Promise<void> {
  const { events } = input;
  await transaction.query(append, [
    input.chatId,
    events.map((event) => event.seq),
    events.map((event) => event.event),
    events.map((event) => event.messageId ?? null),
    events.map((event) => JSON.stringify(event.data)),
    input.actorId,
    input.at,
    input.traceparent ?? null,
  ]);
}
