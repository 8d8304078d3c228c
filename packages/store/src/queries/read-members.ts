import type { Member } from '@carillon/protocol';
import { decodeCursor, encodeCursor } from '../cursor.ts';
import type { Database } from '../database.ts';
import { type NotFound, notFound } from '../outcomes.ts';

export type ReadMembersInput = {
  readonly chatId: string;
  readonly userId: string;
  readonly limit: number;
  readonly cursor?: string | undefined;
};

export type ReadMembersOutcome =
  | { readonly kind: 'ok'; readonly members: Member[]; readonly seq: number; readonly nextCursor: string | null }
  | NotFound
  | { readonly kind: 'invalid_cursor' };

const read = {
  name: 'read-members',
  text: `SELECT c.seq, COALESCE((SELECT jsonb_agg(wire_member(page) ORDER BY page.user_id) FROM (
      SELECT x.* FROM members x WHERE x.chat_id = c.id AND x.left_seq IS NULL AND x.user_id > $3 ORDER BY x.user_id LIMIT $4
    ) page), '[]') AS members
    FROM chats c JOIN members m ON m.chat_id = c.id
    WHERE c.id = $1 AND c.deleted_at IS NULL AND m.user_id = $2 AND m.left_seq IS NULL`,
};

/** A page of the current members by user id, with the chat's `seq` of the same moment: over several pages the lowest counts [H7]. */
export async function readMembers(db: Database, input: ReadMembersInput): Promise<ReadMembersOutcome> {
  const after = input.cursor === undefined ? '' : userIdIn(input.cursor);
  if (after === undefined) return { kind: 'invalid_cursor' };
  const values = [input.chatId, input.userId, after, input.limit + 1];
  const [row] = await db.query<{ seq: number; members: Member[] }>(read, values);
  if (row === undefined) return notFound;
  const members = row.members.slice(0, input.limit);
  const last = row.members.length > input.limit ? members.at(-1) : undefined;
  return { kind: 'ok', members, seq: row.seq, nextCursor: last === undefined ? null : encodeCursor([last.user_id]) };
}

function userIdIn(cursor: string): string | undefined {
  const decoded = decodeCursor(cursor);
  const [userId] = Array.isArray(decoded) && decoded.length === 1 ? decoded : [];
  return typeof userId === 'string' && /^[!-~]{1,128}$/.test(userId) ? userId : undefined;
}
