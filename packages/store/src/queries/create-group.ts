import type { Chat, Member } from '@carillon/protocol';
import { appendEvents, type NewEvent } from '../chat-change.ts';
import type { Database, Queryable } from '../database.ts';
import { eventMembers } from '../event-members.ts';
import { sqlState } from '../unavailable.ts';

export type CreateGroupInput = {
  readonly chatId: string;
  readonly userId: string;
  readonly clientChatId: string | null;
  readonly contentHash: Buffer;
  readonly title: string;
  readonly avatarUrl: string | null;
  readonly memberIds: readonly string[];
  readonly maxMembers: number;
  readonly traceparent?: string | undefined;
};

export type CreateGroupOutcome =
  | { readonly kind: 'created' | 'existing'; readonly chat: Chat }
  | { readonly kind: 'conflict' }
  | { readonly kind: 'full' };

const insertChat = {
  name: 'create-group',
  text: `INSERT INTO chats (id, kind, title, avatar_url, created_by, client_chat_id, content_hash, created_at, seq, message_no, member_count,
      member_version, last_xid)
    VALUES ($1, 'group', $2, $3, $4, $5, $6, date_trunc('milliseconds', clock_timestamp()), $7, 0, $8, 1, pg_current_xact_id())
    RETURNING wire_chat(chats) AS chat`,
};

// The n-th user joins at the seq of the event that lists them.
const insertMembers = {
  name: 'create-group-members',
  text: `INSERT INTO members (chat_id, user_id, joined_seq, role, joined_at, read_message_no, read_xid)
    SELECT $1, u.id, 1 + (u.n - 1) / ${eventMembers}, CASE WHEN u.n = 1 THEN 'owner' ELSE 'member' END, $3::timestamptz, 0, pg_current_xact_id()
    FROM unnest($2::text[]) WITH ORDINALITY AS u (id, n)
    RETURNING wire_member(members) AS member`,
};

const readStored = {
  name: 'read-stored-chat',
  text: `SELECT wire_chat(c) AS chat, c.content_hash = $3 AS is_same FROM chats c
    JOIN members m ON m.chat_id = c.id AND m.user_id = $1 AND m.left_seq IS NULL
    WHERE c.created_by = $1 AND c.client_chat_id = $2 AND c.deleted_at IS NULL`,
};

/**
 * Creates a group: `chat.created` with the first 100 members, who join at its seq, then a `member.added` per 100 further
 * ones, all in one transaction. The same `clientChatId` again finds the chat [H1]; it is a `conflict` when the content differs
 * or the creator has left that chat since.
 */
export async function createGroup(db: Database, input: CreateGroupInput): Promise<CreateGroupOutcome> {
  const userIds = [...new Set([input.userId, ...input.memberIds])];
  if (userIds.length > input.maxMembers) return { kind: 'full' };
  try {
    return { kind: 'created', chat: await db.transaction((transaction) => insert(transaction, input, userIds)) };
  } catch (error) {
    if (sqlState(error) !== '23505' || input.clientChatId === null) throw error;
    return readExisting(db, input);
  }
}

async function insert(transaction: Queryable, input: CreateGroupInput, userIds: readonly string[]): Promise<Chat> {
  const { chatId, userId, traceparent } = input;
  const lastSeq = Math.ceil(userIds.length / eventMembers);
  const values = [chatId, input.title, input.avatarUrl, userId, input.clientChatId, input.contentHash, lastSeq, userIds.length];
  const [created] = await transaction.query<{ chat: Chat }>(insertChat, values);
  if (created === undefined) throw new Error('an insert returns its row');
  const { chat } = created;
  const rows = await transaction.query<{ member: Member }>(insertMembers, [chatId, userIds, chat.created_at]);
  const members = new Map(rows.map(({ member }) => [member.user_id, member]));
  const events = creationEvents(chat, userIds, members);
  await appendEvents(transaction, { chatId, actorId: userId, at: chat.created_at, traceparent, events });
  return chat;
}

function creationEvents(chat: Chat, userIds: readonly string[], members: ReadonlyMap<string, Member>): NewEvent[] {
  return [...Array(chat.seq).keys()].map((index) => {
    const listed = userIds.slice(index * eventMembers, (index + 1) * eventMembers).flatMap((id) => members.get(id) ?? []);
    const asOfSeq = { ...chat, seq: index + 1, member_count: index * eventMembers + listed.length };
    return { seq: index + 1, event: index === 0 ? 'chat.created' : 'member.added', data: { chat: asOfSeq, members: listed } };
  });
}

async function readExisting(db: Database, input: CreateGroupInput): Promise<CreateGroupOutcome> {
  const [stored] = await db.query<{ chat: Chat; is_same: boolean }>(readStored, [input.userId, input.clientChatId, input.contentHash]);
  return stored?.is_same === true ? { kind: 'existing', chat: stored.chat } : { kind: 'conflict' };
}
