import type { OverviewEntry } from '@carillon/protocol';
import { decodeCursor, encodeCursor } from '../cursor.ts';
import type { Database } from '../database.ts';
import { lastMessage, overviewEntry } from '../overview-entry.ts';
import { type CurrentPoint, currentPoint, cursorAfter, parseSyncCursor } from '../sync-cursor.ts';

export type ReadOverviewInput = { readonly userId: string; readonly limit: number; readonly cursor?: string | undefined };

export type ReadOverviewOutcome =
  | { readonly kind: 'ok'; readonly chats: OverviewEntry[]; readonly nextCursor: string | null; readonly syncCursor: string }
  | { readonly kind: 'invalid_cursor' };

/** The last entry of the previous page, and the sync cursor of the first. */
type Place = { readonly activityMs: number; readonly chatId: string; readonly syncCursor: string };

// The point is read in the statement's own snapshot: a later sync begins exactly where this page ends [H7].
const read = {
  name: 'read-overview',
  text: `SELECT ${currentPoint}, COALESCE((SELECT jsonb_agg(jsonb_build_object('entry', page.entry, 'activity_ms', page.activity_ms)
      ORDER BY page.activity_ms DESC, page.id DESC) FROM (
      SELECT c.id, ${overviewEntry} AS entry, activity.ms AS activity_ms
      FROM members m JOIN chats c ON c.id = m.chat_id ${lastMessage}
      CROSS JOIN LATERAL (SELECT (extract(epoch FROM COALESCE(last.date, c.created_at)) * 1000)::bigint AS ms) activity
      WHERE m.user_id = $1 AND m.left_seq IS NULL AND c.deleted_at IS NULL
        AND ($3::bigint IS NULL OR (activity.ms, c.id) < ($3::bigint, $4::uuid))
      ORDER BY activity.ms DESC, c.id DESC LIMIT $2
    ) page), '[]') AS page`,
};

type Row = CurrentPoint & { page: { entry: OverviewEntry; activity_ms: number }[] };

/**
 * The caller's chats by newest activity: their newest visible message, else the creation. A chat that moves up between two
 * pages is missed by the second; the sync from `syncCursor`, that of the first page, tells of it.
 */
export async function readOverview(db: Database, input: ReadOverviewInput): Promise<ReadOverviewOutcome> {
  const place = input.cursor === undefined ? null : placeIn(input.cursor);
  if (place === undefined) return { kind: 'invalid_cursor' };
  const values = [input.userId, input.limit + 1, place?.activityMs ?? null, place?.chatId ?? null];
  const [row] = await db.query<Row>(read, values);
  if (row === undefined) throw new Error('a select without FROM has a row');
  const page = row.page.slice(0, input.limit);
  const syncCursor = place?.syncCursor ?? cursorAfter(row);
  const last = row.page.length > input.limit ? page.at(-1) : undefined;
  const nextCursor = last === undefined ? null : encodeCursor([last.activity_ms, last.entry.id, syncCursor]);
  return { kind: 'ok', chats: page.map(({ entry }) => entry), nextCursor, syncCursor };
}

function placeIn(cursor: string): Place | undefined {
  const decoded = decodeCursor(cursor);
  const [activityMs, chatId, syncCursor]: unknown[] = Array.isArray(decoded) ? decoded : [];
  if (!Number.isSafeInteger(activityMs) || typeof chatId !== 'string' || typeof syncCursor !== 'string') return undefined;
  if (!/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(chatId) || parseSyncCursor(syncCursor) === undefined) return undefined;
  return { activityMs: Number(activityMs), chatId, syncCursor };
}
