import { AppError, type Message } from '@carillon/protocol';
import { type Database, readMessage } from '@carillon/store';

/** One message, also a tombstone. Outside the caller's memberships: AppError('not_found') [M5]. */
export async function messageView(database: Database, place: { chatId: string; userId: string; messageId: string }): Promise<Message> {
  const message = await readMessage(database, place);
  if (message === undefined) throw new AppError('not_found');
  return message;
}
