import type { Message } from '@carillon/protocol';
import type { Queryable } from './database.ts';
import { isVisible } from './queries/read-message.ts';

const read = {
  name: 'read-visible-message',
  text: `SELECT wire_message(g) AS message FROM messages g WHERE g.chat_id = $1 AND g.id = $3 AND ${isVisible}`,
};

/** A message of a locked chat, if it lies in one of the caller's intervals [M5]. */
export async function readVisibleMessage(
  transaction: Queryable,
  input: { chatId: string; userId: string; messageId: string },
): Promise<Message | undefined> {
  const [row] = await transaction.query<{ message: Message }>(read, [input.chatId, input.userId, input.messageId]);
  return row?.message;
}
