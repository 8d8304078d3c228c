import { deleteChat } from '@carillon/store';
import type { ChatWrites } from '../chat-writes.ts';
import { requireOk } from '../require-ok.ts';
import { type ChatCommand, traced } from '../traced.ts';

/** Deletes a group (its owner) or a direct chat (either side). */
export async function removeChat(writes: ChatWrites, { chatId, userId, traceparent }: ChatCommand): Promise<void> {
  requireOk(await writes.write(chatId, (database) => deleteChat(database, { chatId, userId, ...traced(traceparent) })));
}
