import type { Chat } from '@carillon/protocol';
import { advanceChat, appendEvents, lockChat } from '../chat-change.ts';
import type { Database, Queryable } from '../database.ts';
import { type Forbidden, forbidden, type NotFound, notFound } from '../outcomes.ts';

export type DeleteChatInput = { readonly chatId: string; readonly userId: string; readonly traceparent?: string | undefined };

export type DeleteChatOutcome = { readonly kind: 'ok' } | NotFound | Forbidden;

const markDeleted = {
  name: 'mark-chat-deleted',
  text: 'UPDATE chats SET deleted_at = $2::timestamptz WHERE id = $1 RETURNING wire_chat(chats) AS chat',
};

const endIntervals = {
  name: 'end-intervals',
  text: `UPDATE members SET left_seq = $2, left_xid = pg_current_xact_id() WHERE chat_id = $1 AND left_seq IS NULL`,
};

/**
 * Deletes a group (its owner) or a direct chat (either side). `chat.deleted` is the last event in the members' intervals:
 * `/sync` and `/heads` still tell them the end.
 */
export function deleteChat(db: Database, input: DeleteChatInput): Promise<DeleteChatOutcome> {
  const { chatId, userId, traceparent } = input;
  return db.transaction(async (transaction) => {
    const locked = await lockChat(transaction, input);
    if (locked === undefined) return notFound;
    if (locked.chat.kind === 'group' && locked.role !== 'owner') return forbidden;
    const { at } = await advanceChat(transaction, { chatId, events: 1, changesMembers: true });
    const chat = await markChatDeleted(transaction, chatId, at);
    await transaction.query(endIntervals, [chatId, chat.seq]);
    const event = { seq: chat.seq, event: 'chat.deleted', data: { chat } } as const;
    await appendEvents(transaction, { chatId, actorId: userId, at, traceparent, events: [event] });
    return { kind: 'ok' };
  });
}

/** Sets `deleted_at` of a locked chat. */
export async function markChatDeleted(transaction: Queryable, chatId: string, at: string): Promise<Chat> {
  const [row] = await transaction.query<{ chat: Chat }>(markDeleted, [chatId, at]);
  if (row === undefined) throw new Error('a locked chat exists');
  return row.chat;
}
