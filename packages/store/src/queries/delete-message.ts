import type { Message } from '@carillon/protocol';
import { advanceChat, appendEvents, lockChat } from '../chat-change.ts';
import type { Database, Queryable } from '../database.ts';
import { readVisibleMessage } from '../message-rows.ts';
import { type Forbidden, forbidden, type NotFound, notFound } from '../outcomes.ts';

export type DeleteMessageInput = {
  readonly chatId: string;
  readonly userId: string;
  readonly messageId: string;
  readonly traceparent?: string | undefined;
};

export type DeleteMessageOutcome = { readonly kind: 'ok' } | NotFound | Forbidden;

const blank = {
  name: 'delete-message',
  text: `UPDATE messages SET text = NULL, attachments = '[]', deleted_at = $2::timestamptz WHERE id = $1
    RETURNING wire_message(messages) AS message`,
};

// Their seq, time and xid stay: a sync that is under way shows each of them once, with the tombstone.
const blankEvents = {
  name: 'blank-events',
  text: `UPDATE events SET data = jsonb_build_object('message', $2::jsonb) WHERE message_id = $1`,
};

/**
 * Leaves a tombstone, in the message's earlier events too: nothing returns its content any more [M10]. Its sender, in a group
 * also admins and the owner. The second time is `ok` without an event.
 */
export function deleteMessage(db: Database, input: DeleteMessageInput): Promise<DeleteMessageOutcome> {
  return db.transaction(async (transaction) => {
    const locked = await lockChat(transaction, input);
    if (locked === undefined) return notFound;
    const current = await readVisibleMessage(transaction, input);
    if (current === undefined) return notFound;
    // In a direct chat both have the role `member`.
    if (current.sender_id !== input.userId && locked.role === 'member') return forbidden;
    if (current.deleted_at === null) await leaveTombstone(transaction, input);
    return { kind: 'ok' };
  });
}

async function leaveTombstone(transaction: Queryable, input: DeleteMessageInput): Promise<void> {
  const { chatId, userId, messageId, traceparent } = input;
  const { chat, at } = await advanceChat(transaction, { chatId, events: 1 });
  const [row] = await transaction.query<{ message: Message }>(blank, [messageId, at]);
  if (row === undefined) throw new Error('a message is never removed');
  const { message } = row;
  await transaction.query(blankEvents, [messageId, JSON.stringify(message)]);
  const event = { seq: chat.seq, event: 'message.deleted', data: { message }, messageId } as const;
  await appendEvents(transaction, { chatId, actorId: userId, at, traceparent, events: [event] });
}
