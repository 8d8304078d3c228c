import type { Chat, Member } from '@carillon/protocol';
import { AppError } from '@carillon/protocol';
import { appendEvents } from '../chat-change.ts';
import type { Database, Queryable } from '../database.ts';

export type CreateDirectInput = {
  readonly chatId: string;
  readonly userId: string;
  readonly otherId: string;
  readonly traceparent?: string | undefined;
};

export type CreateDirectOutcome = { readonly kind: 'created' | 'existing'; readonly chat: Chat };

// Waits for a racing creation of the same pair; then nothing is inserted. A space is in no user id, so no two pairs look alike.
const insertChat = {
  name: 'create-direct',
  text: `INSERT INTO chats (id, kind, created_by, direct_key, created_at, seq, message_no, member_count, member_version, last_xid)
    VALUES ($1, 'direct', $2, $3, date_trunc('milliseconds', clock_timestamp()), 1, 0, 2, 1, pg_current_xact_id())
    ON CONFLICT (direct_key) WHERE deleted_at IS NULL DO NOTHING
    RETURNING wire_chat(chats) AS chat`,
};

const insertMembers = {
  name: 'create-direct-members',
  text: `INSERT INTO members (chat_id, user_id, joined_seq, role, joined_at, read_message_no, read_xid)
    SELECT $1, u.id, 1, 'member', $3::timestamptz, 0, pg_current_xact_id() FROM unnest($2::text[]) AS u (id)
    RETURNING wire_member(members) AS member`,
};

const readExisting = {
  name: 'read-direct',
  text: 'SELECT wire_chat(c) AS chat FROM chats c WHERE c.direct_key = $1 AND c.deleted_at IS NULL',
};

const attempts = 5;

/** The direct chat of a pair, created once however many race [H6]. A deleted one does not count: a new one is made. */
export async function createDirect(db: Database, input: CreateDirectInput): Promise<CreateDirectOutcome> {
  const directKey = [input.userId, input.otherId].sort().join(' ');
  for (let attempt = 0; attempt < attempts; attempt += 1) {
    const created = await db.transaction((transaction) => insert(transaction, input, directKey));
    if (created !== undefined) return { kind: 'created', chat: created };
    const [existing] = await db.query<{ chat: Chat }>(readExisting, [directKey]);
    if (existing !== undefined) return { kind: 'existing', chat: existing.chat };
  }
  throw new AppError('unavailable', { retryAfterSeconds: 1 }); // it was deleted each time, between the two statements
}

async function insert(transaction: Queryable, input: CreateDirectInput, directKey: string): Promise<Chat | undefined> {
  const { chatId, userId, otherId, traceparent } = input;
  const [created] = await transaction.query<{ chat: Chat }>(insertChat, [chatId, userId, directKey]);
  if (created === undefined) return undefined;
  const { chat } = created;
  const rows = await transaction.query<{ member: Member }>(insertMembers, [chatId, [userId, otherId], chat.created_at]);
  const data = { chat, members: rows.map((row) => row.member) };
  await appendEvents(transaction, {
    chatId,
    actorId: userId,
    at: chat.created_at,
    traceparent,
    events: [{ seq: 1, event: 'chat.created', data }],
  });
  return chat;
}
