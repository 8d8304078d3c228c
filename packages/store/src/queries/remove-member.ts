import { advanceChat, appendEvents, lockChat, type NewEvent } from '../chat-change.ts';
import type { Database, Queryable } from '../database.ts';
import { endInterval, readMember, readSuccessor, setRole } from '../member-rows.ts';
import { type Forbidden, forbidden, type NotFound, notFound } from '../outcomes.ts';
import { markChatDeleted } from './delete-chat.ts';

export type RemoveMemberInput = {
  readonly chatId: string;
  readonly userId: string;
  /** The caller's own id: leaving. */
  readonly memberId: string;
  readonly traceparent?: string | undefined;
};

export type RemoveMemberOutcome = { readonly kind: 'ok' } | NotFound | Forbidden;

/**
 * Ends a membership at the seq of `member.removed` [M6]: admins remove members, the owner anyone, and everybody may leave. When
 * the owner leaves, a `member.updated` of the successor follows. When the last member leaves, the chat is deleted with that
 * very event: nobody is left to be told more.
 */
export function removeMember(db: Database, input: RemoveMemberInput): Promise<RemoveMemberOutcome> {
  const { chatId, userId, memberId } = input;
  return db.transaction(async (transaction) => {
    const locked = await lockChat(transaction, input);
    if (locked === undefined) return notFound;
    if (locked.chat.kind === 'direct') return forbidden;
    const leaver = await readMember(transaction, chatId, memberId);
    if (leaver === undefined) return notFound;
    const mayRemove = memberId === userId || locked.role === 'owner' || (locked.role === 'admin' && leaver.role === 'member');
    if (!mayRemove) return forbidden;
    const successorId = leaver.role === 'owner' ? await readSuccessor(transaction, chatId, memberId) : undefined;
    await remove(transaction, input, successorId);
    return { kind: 'ok' };
  });
}

async function remove(transaction: Queryable, input: RemoveMemberInput, successorId: string | undefined): Promise<void> {
  const { chatId, userId, memberId, traceparent } = input;
  const step = await advanceChat(transaction, { chatId, events: successorId === undefined ? 1 : 2, memberDelta: -1, changesMembers: true });
  const seq = successorId === undefined ? step.chat.seq : step.chat.seq - 1;
  await endInterval(transaction, chatId, memberId, seq);
  const chat = step.chat.member_count === 0 ? await markChatDeleted(transaction, chatId, step.at) : { ...step.chat, seq };
  const reason = memberId === userId ? 'left' : 'removed';
  const events: NewEvent[] = [{ seq, event: 'member.removed', data: { user_id: memberId, reason, chat } }];
  if (successorId !== undefined) {
    const member = await setRole(transaction, chatId, successorId, 'owner');
    events.push({ seq: seq + 1, event: 'member.updated', data: { member } });
  }
  await appendEvents(transaction, { chatId, actorId: userId, at: step.at, traceparent, events });
}
