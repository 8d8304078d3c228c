import type { Event } from '@carillon/protocol';
import type { Database } from '../database.ts';
import {
  type CurrentPoint,
  currentPoint,
  cursorAfter,
  formatSyncCursor,
  isTooOld,
  parseSyncCursor,
  type SyncCursor,
} from '../sync-cursor.ts';

export type ReadSyncInput = { readonly userId: string; readonly cursor: string; readonly limit: number; readonly retentionDays: number };

export type ReadSyncOutcome =
  | { readonly kind: 'ok'; readonly events: Event[]; readonly nextCursor: string; readonly hasMore: boolean; readonly tooLong: boolean }
  | { readonly kind: 'invalid_cursor' };

/*
 * $2 = the base's snapshot, $3 = that of the run's first page (null on the first page: this statement's own sees no more
 * anyway), $4, $5 = the place in the run, $6 = the limit. A run is what is not visible in the base, but in its first page: a
 * fixed set, so its paging ends and nothing comes twice, also under a long open transaction. It is walked by (chat_id, seq):
 * xids of one chat are not in seq order. Intervals where nothing happened since the base are left out first. `seq + 0` keeps
 * the planner from walking a chat's whole history along the primary key: the index (chat_id, xid) has just the missed part.
 */
const read = {
  name: 'read-sync',
  text: `SELECT ${currentPoint}, COALESCE((SELECT jsonb_agg(wire_event(page) ORDER BY page.chat_id, page.seq) FROM (
      SELECT e.* FROM members m JOIN chats c ON c.id = m.chat_id CROSS JOIN LATERAL (
        SELECT * FROM events x WHERE x.chat_id = m.chat_id
          AND x.xid >= pg_snapshot_xmin($2::pg_snapshot) AND NOT pg_visible_in_snapshot(x.xid, $2::pg_snapshot)
          AND ($3::pg_snapshot IS NULL OR pg_visible_in_snapshot(x.xid, $3::pg_snapshot))
          AND x.seq + 0 >= m.joined_seq AND x.seq + 0 <= COALESCE(m.left_seq, 9223372036854775807)
          AND (m.chat_id > $4::uuid OR x.seq + 0 > $5::bigint)
        ORDER BY x.seq + 0 LIMIT $6
      ) e
      WHERE m.user_id = $1 AND m.chat_id >= $4::uuid
        AND NOT pg_visible_in_snapshot(CASE WHEN m.left_seq IS NULL THEN c.last_xid ELSE m.left_xid END, $2::pg_snapshot)
      ORDER BY e.chat_id, e.seq LIMIT $6
    ) page), '[]') AS events`,
};

const firstChatId = '00000000-0000-0000-0000-000000000000';

type Row = CurrentPoint & { events: Event[] };

/**
 * Everything that the caller missed since the cursor, in all chats, also in those left or deleted, up to their end: each event
 * exactly once over the pages of a run and over all runs [H4, M5]. `tooLong` when something may be missing: then there are no
 * events, and the cursor is a fresh one [H5].
 */
export async function readSync(db: Database, input: ReadSyncInput): Promise<ReadSyncOutcome> {
  const cursor = parseSyncCursor(input.cursor);
  if (cursor === undefined) return { kind: 'invalid_cursor' };
  const place = cursor.place?.of === 'sync' ? cursor.place : undefined;
  const values = [
    input.userId,
    cursor.base.snapshot,
    place?.next.snapshot ?? null,
    place?.chatId ?? firstChatId,
    place?.seq ?? 0,
    input.limit + 1,
  ];
  const [row] = await db.query<Row>(read, values);
  if (row === undefined) throw new Error('a select without FROM has a row');
  if (isTooOld(cursor, row, input.retentionDays)) {
    return { kind: 'ok', events: [], nextCursor: cursorAfter(row), hasMore: false, tooLong: true };
  }
  const events = row.events.slice(0, input.limit);
  const hasMore = row.events.length > input.limit;
  return { kind: 'ok', events, nextCursor: nextCursor(cursor, row, hasMore ? events.at(-1) : undefined), hasMore, tooLong: false };
}

/** With a last event the run goes on behind it; without one it has ended, and the next one begins at its first page's snapshot. */
function nextCursor(cursor: SyncCursor, now: CurrentPoint, last: Event | undefined): string {
  const running = cursor.place?.of === 'sync' ? cursor.place.next : undefined;
  const next = running ?? { snapshot: now.snapshot, atMs: now.atMs };
  if (last === undefined) return formatSyncCursor({ base: next, line: cursor.line });
  return formatSyncCursor({ ...cursor, place: { of: 'sync', next, chatId: last.chat_id, seq: last.seq } });
}
