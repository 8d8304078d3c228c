import { AppError, type OverviewEntry } from '@carillon/protocol';
import { type Database, readChat } from '@carillon/store';

/** The chat and the caller's view of it. Not a member, deleted or missing: AppError('not_found') [H2]. */
export async function chatView(database: Database, chatId: string, userId: string): Promise<OverviewEntry> {
  const entry = await readChat(database, { chatId, userId });
  if (entry === undefined) throw new AppError('not_found');
  return entry;
}
