import type { Database } from '../database.ts';
import { type NotFound, notFound } from '../outcomes.ts';

export type MarkReadInput = { readonly chatId: string; readonly userId: string; readonly messageNo: number };

export type MarkReadOutcome =
  | { readonly kind: 'ok'; readonly readMessageNo: number; readonly moved: boolean; readonly directPeerId: string | null }
  | NotFound;

const move = {
  name: 'mark-read',
  text: `WITH me AS (
      SELECT c.id, c.kind, m.read_message_no, LEAST($3::bigint, c.message_no) AS wanted FROM chats c JOIN members m ON m.chat_id = c.id
      WHERE c.id = $1 AND c.deleted_at IS NULL AND m.user_id = $2 AND m.left_seq IS NULL
    ), moved AS (
      UPDATE members m SET read_message_no = me.wanted, read_xid = pg_current_xact_id() FROM me
      WHERE m.chat_id = me.id AND m.user_id = $2 AND m.left_seq IS NULL AND m.read_message_no < me.wanted
      RETURNING m.read_message_no
    )
    SELECT COALESCE(moved.read_message_no, me.read_message_no) AS "readMessageNo", me.wanted, moved.read_message_no IS NOT NULL AS moved,
      (SELECT p.user_id FROM members p WHERE me.kind = 'direct' AND p.chat_id = me.id AND p.user_id <> $2 AND p.left_seq IS NULL) AS "directPeerId"
    FROM me LEFT JOIN moved ON true`,
};

type Row = { readMessageNo: number; wanted: number; moved: boolean; directPeerId: string | null };

const attempts = 3;

/**
 * Moves the caller's read position, never back and never beyond the chat's `message_no` [M8]. One row, without the chat's
 * lock: a send waits for it, it waits for no send.
 */
export async function markRead(db: Database, input: MarkReadInput): Promise<MarkReadOutcome> {
  const messageNo = Math.min(input.messageNo, Number.MAX_SAFE_INTEGER);
  for (let attempt = 1; ; attempt += 1) {
    const [row] = await db.query<Row>(move, [input.chatId, input.userId, messageNo]);
    if (row === undefined) return notFound;
    const { readMessageNo, wanted, moved, directPeerId } = row;
    // Behind what was wanted and yet not moved: another device moved it during this statement, whose snapshot is older.
    if (readMessageNo >= wanted || attempt === attempts) return { kind: 'ok', readMessageNo, moved, directPeerId };
  }
}
