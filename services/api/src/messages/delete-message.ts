import { deleteMessage } from '@carillon/store';
import type { ChatWrites } from '../chat-writes.ts';
import { requireOk } from '../require-ok.ts';
import { type ChatCommand, traced } from '../traced.ts';

type DeleteMessageCommand = ChatCommand & { readonly messageId: string };

/** Makes a message a tombstone: its sender, or an admin or owner of the group [M10]. The second time changes nothing. */
export async function blankMessage(writes: ChatWrites, { chatId, userId, messageId, traceparent }: DeleteMessageCommand): Promise<void> {
  const input = { chatId, userId, messageId, ...traced(traceparent) };
  requireOk(await writes.write(chatId, (database) => deleteMessage(database, input)));
}
