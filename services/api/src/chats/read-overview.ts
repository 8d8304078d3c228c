import type { OverviewPage, PageQuery } from '@carillon/protocol';
import { type Database, readOverview } from '@carillon/store';
import { cursorInput } from '../cursor-input.ts';
import { requireOk } from '../require-ok.ts';

/** The user's chats, newest activity first, and the cursor that a sync begins with. */
export async function overview(database: Database, userId: string, query: PageQuery): Promise<OverviewPage> {
  const outcome = await readOverview(database, { userId, limit: query.limit, ...cursorInput(query.cursor) });
  const { chats, nextCursor, syncCursor } = requireOk(outcome);
  return { chats, next_cursor: nextCursor, sync_cursor: syncCursor };
}
