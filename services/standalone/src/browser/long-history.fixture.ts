import { silentLogger } from '@carillon/runtime';
import { Database } from '@carillon/store';

/** Every third is longer, some of several lines, so that no height can be guessed. */
const copy = `
  WITH copied AS (
    INSERT INTO messages
      SELECT gen_random_uuid(), chat_id, seq + n, message_no + n, sender_id, 'copy ' || n, content_hash, type,
        'message ' || n + 1 || repeat(' and more', CASE WHEN n % 3 = 0 THEN n % 41 ELSE 0 END), attachments, date, NULL, NULL
      FROM messages, generate_series(1, $2::int) n WHERE chat_id = $1
  )
  UPDATE chats SET seq = seq + $2, message_no = message_no + $2 WHERE id = $1`;

/** Makes `total` messages of a chat's only one, as if they had been sent long ago: their events are pruned. */
export async function copyMessages(databaseUrl: string, chatId: string, total: number): Promise<void> {
  await using database = new Database({ url: databaseUrl, maxConnections: 1, applicationName: 'test', logger: silentLogger });
  await database.query({ name: 'copy_messages', text: copy }, [chatId, total - 1]);
}
