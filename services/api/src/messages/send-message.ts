import type { Message, SendMessage } from '@carillon/protocol';
import { appendMessage } from '@carillon/store';
import type { ChatWrites } from '../chat-writes.ts';
import { messageHash } from '../content-hash.ts';
import { requireOk } from '../require-ok.ts';
import { type ChatCommand, traced } from '../traced.ts';

type SendMessageParts = { readonly writes: ChatWrites; readonly newId: () => string };

type SendMessageCommand = ChatCommand & { readonly message: SendMessage };

/**
 * Stores a message: one query, then the relay is woken [D2]. The same `client_message_id` again answers the stored message as
 * it is now, with other content AppError('idempotency_conflict') [H1].
 */
export async function sendMessage(parts: SendMessageParts, command: SendMessageCommand): Promise<{ isNew: boolean; message: Message }> {
  const { chatId, userId, traceparent } = command;
  const { client_message_id: clientMessageId, type, text = null, attachments = [] } = command.message;
  const content = { type, text, attachments };
  const input = {
    id: parts.newId(),
    chatId,
    userId,
    clientMessageId,
    contentHash: messageHash(content),
    ...content,
    ...traced(traceparent),
  };
  const { kind, message } = requireOk(await parts.writes.write(chatId, (database) => appendMessage(database, input)));
  return { isNew: kind === 'created', message };
}
