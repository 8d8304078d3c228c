import type { Message } from '@carillon/protocol';
import type { Database } from '../database.ts';

export type ReadMessageInput = { readonly chatId: string; readonly userId: string; readonly messageId: string };

/** SQL: the message `g` lies in one of the intervals of user `$2`. */
export const isVisible = `EXISTS (SELECT 1 FROM members i WHERE i.chat_id = g.chat_id AND i.user_id = $2
  AND g.seq >= i.joined_seq AND (i.left_seq IS NULL OR g.seq <= i.left_seq))`;

const read = {
  name: 'read-message',
  text: `SELECT wire_message(g) AS message FROM messages g
    JOIN chats c ON c.id = g.chat_id AND c.deleted_at IS NULL
    JOIN members m ON m.chat_id = g.chat_id AND m.user_id = $2 AND m.left_seq IS NULL
    WHERE g.id = $3 AND g.chat_id = $1 AND ${isVisible}`,
};

/** One message, also a tombstone; undefined when it is not for this caller to see [M5, H2]. */
export async function readMessage(db: Database, input: ReadMessageInput): Promise<Message | undefined> {
  const [row] = await db.query<{ message: Message }>(read, [input.chatId, input.userId, input.messageId]);
  return row?.message;
}
