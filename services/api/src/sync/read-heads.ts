import type { HeadsPage, SinceQuery } from '@carillon/protocol';
import { type Database, readHeads } from '@carillon/store';
import { checkCursor } from '../cursor-input.ts';
import { requireOk } from '../require-ok.ts';

type HeadsParts = { readonly database: Database; readonly retentionDays: number };

/** Which chats moved since the cursor, those left or deleted since too: the cheap form of a sync [C7] [C10]. */
export async function movedHeads({ database, retentionDays }: HeadsParts, userId: string, query: SinceQuery): Promise<HeadsPage> {
  const input = { userId, cursor: checkCursor(query.cursor), limit: query.limit, retentionDays };
  const { heads, nextCursor, hasMore, tooLong } = requireOk(await readHeads(database, input));
  return { heads, next_cursor: nextCursor, has_more: hasMore, too_long: tooLong };
}
