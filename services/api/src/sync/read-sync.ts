import type { SinceQuery, SyncPage } from '@carillon/protocol';
import { type Database, readSync } from '@carillon/store';
import { checkCursor } from '../cursor-input.ts';
import { requireOk } from '../require-ok.ts';

type SyncParts = { readonly database: Database; readonly retentionDays: number };

/** Everything that the user missed since the cursor, in all chats, each event once [H4]. */
export async function missedEvents({ database, retentionDays }: SyncParts, userId: string, query: SinceQuery): Promise<SyncPage> {
  const input = { userId, cursor: checkCursor(query.cursor), limit: query.limit, retentionDays };
  const { events, nextCursor, hasMore, tooLong } = requireOk(await readSync(database, input));
  return { events, next_cursor: nextCursor, has_more: hasMore, too_long: tooLong };
}
