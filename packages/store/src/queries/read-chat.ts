import type { OverviewEntry } from '@carillon/protocol';
import type { Database } from '../database.ts';
import { lastMessage, overviewEntry } from '../overview-entry.ts';

export type ReadChatInput = { readonly chatId: string; readonly userId: string };

const read = {
  name: 'read-chat',
  text: `SELECT ${overviewEntry} AS entry FROM chats c JOIN members m ON m.chat_id = c.id ${lastMessage}
    WHERE c.id = $1 AND c.deleted_at IS NULL AND m.user_id = $2 AND m.left_seq IS NULL`,
};

/** The chat as the caller sees it; undefined for whoever is not a member now [H2]. */
export async function readChat(db: Database, input: ReadChatInput): Promise<OverviewEntry | undefined> {
  const [row] = await db.query<{ entry: OverviewEntry }>(read, [input.chatId, input.userId]);
  return row?.entry;
}
