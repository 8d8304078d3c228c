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

export type ReadHeadsInput = { readonly userId: string; readonly cursor: string; readonly limit: number; readonly retentionDays: number };

/** How far a chat is for this caller. */
export type Head = { readonly chat_id: string; readonly seq: number; readonly read_message_no: number };

export type ReadHeadsOutcome =
  | { readonly kind: 'ok'; readonly heads: Head[]; readonly nextCursor: string; readonly hasMore: boolean; readonly tooLong: boolean }
  | { readonly kind: 'invalid_cursor' };

/*
 * The newest interval of each chat, in the order of the index (user_id, chat_id, joined_seq). Of chats that the caller is in,
 * whatever moved since the base counts, also after the run's first page: better twice than late. An ended interval is listed
 * once: not visible in the base, but in the run's first page.
 */
const read = {
  name: 'read-heads',
  text: `SELECT ${currentPoint}, COALESCE((SELECT jsonb_agg(
      jsonb_build_object('chat_id', page.chat_id, 'seq', page.seq, 'read_message_no', page.read_message_no) ORDER BY page.chat_id) FROM (
      SELECT m.chat_id, COALESCE(m.left_seq, c.seq) AS seq, m.read_message_no FROM (
        SELECT DISTINCT ON (i.chat_id) i.* FROM members i WHERE i.user_id = $1 AND i.chat_id > $4::uuid ORDER BY i.chat_id, i.joined_seq DESC
      ) m JOIN chats c ON c.id = m.chat_id
      WHERE CASE WHEN m.left_seq IS NULL
        THEN NOT (pg_visible_in_snapshot(c.last_xid, $2::pg_snapshot) AND pg_visible_in_snapshot(m.read_xid, $2::pg_snapshot))
        ELSE NOT pg_visible_in_snapshot(m.left_xid, $2::pg_snapshot) AND ($3::pg_snapshot IS NULL OR pg_visible_in_snapshot(m.left_xid, $3::pg_snapshot))
        END
      ORDER BY m.chat_id LIMIT $5
    ) page), '[]') AS heads`,
};

const firstChatId = '00000000-0000-0000-0000-000000000000';

type Row = CurrentPoint & { heads: Head[] };

/**
 * The chats whose `seq` or own read position moved since the cursor, and those left or deleted since, with the last `seq` that
 * is for this caller. Cheap: no event is read. `tooLong` as in `readSync` [H5].
 */
export async function readHeads(db: Database, input: ReadHeadsInput): Promise<ReadHeadsOutcome> {
  const cursor = parseSyncCursor(input.cursor);
  if (cursor === undefined) return { kind: 'invalid_cursor' };
  const place = cursor.place?.of === 'heads' ? cursor.place : undefined;
  const values = [input.userId, cursor.base.snapshot, place?.next.snapshot ?? null, place?.chatId ?? firstChatId, input.limit + 1];
  const [row] = await db.query<Row>(read, values);
  if (row === undefined) throw new Error('a select without FROM has a row');
  if (isTooOld(cursor, row, input.retentionDays)) {
    return { kind: 'ok', heads: [], nextCursor: cursorAfter(row), hasMore: false, tooLong: true };
  }
  const heads = row.heads.slice(0, input.limit);
  const hasMore = row.heads.length > input.limit;
  return { kind: 'ok', heads, nextCursor: nextCursor(cursor, row, hasMore ? heads.at(-1) : undefined), hasMore, tooLong: false };
}

function nextCursor(cursor: SyncCursor, now: CurrentPoint, last: Head | undefined): string {
  const running = cursor.place?.of === 'heads' ? cursor.place.next : undefined;
  const next = running ?? { snapshot: now.snapshot, atMs: now.atMs };
  if (last === undefined) return formatSyncCursor({ base: next, line: cursor.line });
  return formatSyncCursor({ ...cursor, place: { of: 'heads', next, chatId: last.chat_id, seq: last.seq } });
}
