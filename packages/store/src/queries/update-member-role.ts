import type { Member, Role } from '@carillon/protocol';
import { advanceChat, appendEvents, lockChat, type NewEvent } from '../chat-change.ts';
import type { Database, Queryable } from '../database.ts';
import { readMember, setRole } from '../member-rows.ts';
import { type Forbidden, forbidden, type NotFound, notFound } from '../outcomes.ts';

export type UpdateMemberRoleInput = {
  readonly chatId: string;
  readonly userId: string;
  readonly memberId: string;
  readonly role: Role;
  readonly traceparent?: string | undefined;
};

export type UpdateMemberRoleOutcome = { readonly kind: 'ok'; readonly member: Member } | NotFound | Forbidden;

/**
 * Gives a role: the owner only. Giving `owner` makes the giver an admin: two events, the new owner's first. The owner cannot
 * step down without naming a successor. Without a change no event.
 */
export function updateMemberRole(db: Database, input: UpdateMemberRoleInput): Promise<UpdateMemberRoleOutcome> {
  const { chatId, userId, memberId, role } = input;
  return db.transaction(async (transaction) => {
    const locked = await lockChat(transaction, input);
    if (locked === undefined) return notFound;
    if (locked.chat.kind === 'direct') return forbidden;
    const current = await readMember(transaction, chatId, memberId);
    if (current === undefined) return notFound;
    if (locked.role !== 'owner') return forbidden;
    if (current.role === role) return { kind: 'ok', member: current };
    if (memberId === userId) return forbidden;
    return { kind: 'ok', member: await give(transaction, input) };
  });
}

async function give(transaction: Queryable, input: UpdateMemberRoleInput): Promise<Member> {
  const { chatId, userId, memberId, role, traceparent } = input;
  const steppingDown = role === 'owner' ? 1 : 0;
  const { chat, at } = await advanceChat(transaction, { chatId, events: 1 + steppingDown, changesMembers: true });
  const member = await setRole(transaction, chatId, memberId, role);
  const events: NewEvent[] = [{ seq: chat.seq - steppingDown, event: 'member.updated', data: { member } }];
  if (role === 'owner') {
    const giver = await setRole(transaction, chatId, userId, 'admin');
    events.push({ seq: chat.seq, event: 'member.updated', data: { member: giver } });
  }
  await appendEvents(transaction, { chatId, actorId: userId, at, traceparent, events });
  return member;
}
