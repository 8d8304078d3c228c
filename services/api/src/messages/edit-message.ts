import { AppError, type Attachment, type EditMessage, type Message, messageFaults } from '@carillon/protocol';
import { editMessage } from '@carillon/store';
import type { ChatWrites } from '../chat-writes.ts';
import { requireOk } from '../require-ok.ts';
import { type ChatCommand, traced } from '../traced.ts';

type EditMessageCommand = ChatCommand & { readonly messageId: string; readonly change: EditMessage };

/** Changes one's own message; the result keeps the rules of a new one, judged where the message cannot change meanwhile. */
export async function changeMessage(writes: ChatWrites, command: EditMessageCommand): Promise<Message> {
  const { chatId, userId, messageId, change, traceparent } = command;
  const input = { chatId, userId, messageId, change: (current: Message) => resultOf(current, change), ...traced(traceparent) };
  return requireOk(await writes.write(chatId, (database) => editMessage(database, input))).message;
}

function resultOf(current: Message, change: EditMessage): { text: string | null; attachments: Attachment[] } {
  const text = change.text === undefined ? current.text : change.text;
  const attachments = change.attachments ?? current.attachments;
  const faults = messageFaults({ type: current.type, text, attachments });
  if (faults.length > 0) throw new AppError('validation_failed', { faults });
  return { text, attachments };
}
