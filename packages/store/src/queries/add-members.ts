import type { Chat, Member } from '@carillon/protocol';
import { advanceChat, appendEvents, lockChat, type NewEvent, type SteppedChat } from '../chat-change.ts';
import type { Database, Queryable } from '../database.ts';
import { eventMembers } from '../event-members.ts';
import { type Forbidden, forbidden, type NotFound, notFound } from '../outcomes.ts';

export type AddMembersInput = {
  readonly chatId: string;
  readonly userId: string;
  readonly userIds: readonly string[];
  readonly maxMembers: number;
  readonly traceparent?: string | undefined;
};

export type AddMembersOutcome = { readonly kind: 'ok'; readonly members: Member[] } | NotFound | Forbidden | { readonly kind: 'full' };

const readCurrent = {
  name: 'read-current-members',
  text: 'SELECT wire_member(m) AS member FROM members m WHERE m.chat_id = $1 AND m.user_id = ANY($2::text[]) AND m.left_seq IS NULL',
};

// The n-th user joins at the seq of the event that lists them; what was sent before counts as read [M9].
const insertMembers = {
  name: 'add-members',
  text: `INSERT INTO members (chat_id, user_id, joined_seq, role, joined_at, read_message_no, read_xid)
    SELECT $1, u.id, $3 + (u.n - 1) / ${eventMembers}, 'member', $4::timestamptz, $5, pg_current_xact_id()
    FROM unnest($2::text[]) WITH ORDINALITY AS u (id, n)
    RETURNING wire_member(members) AS member`,
};

/**
 * Adds users to a group: admins and the owner. Answers all that were asked, in their order; the events list the new ones, at
 * most 100 each, in one transaction. Whoever comes back gets a new interval.
 */
export function addMembers(db: Database, input: AddMembersInput): Promise<AddMembersOutcome> {
  return db.transaction(async (transaction) => {
    const locked = await lockChat(transaction, input);
    if (locked === undefined) return notFound;
    if (locked.chat.kind === 'direct' || locked.role === 'member') return forbidden;
    const userIds = [...new Set(input.userIds)];
    const members = await readMembersOf(transaction, input.chatId, userIds);
    const newIds = userIds.filter((id) => !members.has(id));
    if (newIds.length > 0 && locked.chat.member_count + newIds.length > input.maxMembers) return { kind: 'full' };
    const added = newIds.length === 0 ? [] : await insert(transaction, input, newIds);
    for (const member of added) members.set(member.user_id, member);
    return { kind: 'ok', members: userIds.flatMap((id) => members.get(id) ?? []) };
  });
}

async function readMembersOf(transaction: Queryable, chatId: string, userIds: readonly string[]): Promise<Map<string, Member>> {
  const rows = await transaction.query<{ member: Member }>(readCurrent, [chatId, userIds]);
  return new Map(rows.map(({ member }) => [member.user_id, member]));
}

async function insert(transaction: Queryable, input: AddMembersInput, newIds: readonly string[]): Promise<Member[]> {
  const { chatId, userId, traceparent } = input;
  const count = Math.ceil(newIds.length / eventMembers);
  const stepped: SteppedChat = await advanceChat(transaction, { chatId, events: count, memberDelta: newIds.length, changesMembers: true });
  const { chat, at } = stepped;
  const values = [chatId, newIds, chat.seq - count + 1, at, chat.message_no];
  const rows = await transaction.query<{ member: Member }>(insertMembers, values);
  const members = new Map(rows.map(({ member }) => [member.user_id, member]));
  const added = newIds.flatMap((id) => members.get(id) ?? []);
  await appendEvents(transaction, { chatId, actorId: userId, at, traceparent, events: additionEvents(chat, added, count) });
  return added;
}

/** `chat` is the chat after the last of the events; each event shows it as of its own seq. */
function additionEvents(chat: Chat, added: readonly Member[], count: number): NewEvent[] {
  const before = { seq: chat.seq - count, memberCount: chat.member_count - added.length };
  return [...Array(count).keys()].map((index) => {
    const members = added.slice(index * eventMembers, (index + 1) * eventMembers);
    const seq = before.seq + index + 1;
    const asOfSeq = { ...chat, seq, member_count: before.memberCount + index * eventMembers + members.length };
    return { seq, event: 'member.added', data: { chat: asOfSeq, members } };
  });
}
