import { isDeepStrictEqual } from 'node:util';
import type { Attachment, Message } from '@carillon/protocol';
import { advanceChat, appendEvents, lockChat } from '../chat-change.ts';
import type { Database, Queryable } from '../database.ts';
import { readVisibleMessage } from '../message-rows.ts';
import { type Forbidden, forbidden, type NotFound, notFound } from '../outcomes.ts';

export type MessageContent = { readonly text: string | null; readonly attachments: readonly Attachment[] };

export type EditMessageInput = {
  readonly chatId: string;
  readonly userId: string;
  readonly messageId: string;
  /** Called under the chat's lock with the message as it is; what it throws rolls back and reaches the caller. */
  readonly change: (current: Message) => MessageContent;
  readonly traceparent?: string | undefined;
};

export type EditMessageOutcome = { readonly kind: 'ok'; readonly message: Message } | NotFound | Forbidden | { readonly kind: 'deleted' };

const update = {
  name: 'edit-message',
  text: `UPDATE messages SET text = $2, attachments = $3::jsonb, edited_at = $4::timestamptz WHERE id = $1
    RETURNING wire_message(messages) AS message`,
};

/** Changes a message's text or attachments: its sender only. Without a change no event. */
export function editMessage(db: Database, input: EditMessageInput): Promise<EditMessageOutcome> {
  return db.transaction(async (transaction) => {
    if ((await lockChat(transaction, input)) === undefined) return notFound;
    const current = await readVisibleMessage(transaction, input);
    if (current === undefined) return notFound;
    if (current.sender_id !== input.userId) return forbidden;
    if (current.deleted_at !== null) return { kind: 'deleted' };
    const content = input.change(current);
    const isSame = content.text === current.text && isDeepStrictEqual(content.attachments, current.attachments);
    return { kind: 'ok', message: isSame ? current : await store(transaction, input, content) };
  });
}

async function store(transaction: Queryable, input: EditMessageInput, content: MessageContent): Promise<Message> {
  const { chatId, userId, messageId, traceparent } = input;
  const { chat, at } = await advanceChat(transaction, { chatId, events: 1 });
  const values = [messageId, content.text, JSON.stringify(content.attachments), at];
  const [row] = await transaction.query<{ message: Message }>(update, values);
  if (row === undefined) throw new Error('a message is never removed');
  const event = { seq: chat.seq, event: 'message.updated', data: { message: row.message }, messageId } as const;
  await appendEvents(transaction, { chatId, actorId: userId, at, traceparent, events: [event] });
  return row.message;
}
