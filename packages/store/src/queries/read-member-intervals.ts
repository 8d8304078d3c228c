import type { Database } from '../database.ts';

export type MemberInterval = { readonly userId: string; readonly joinedSeq: number; readonly leftSeq: number | null };

export type MemberIntervals = { readonly memberVersion: number; readonly intervals: readonly MemberInterval[] };

const read = {
  name: 'read-member-intervals',
  text: `SELECT c.member_version AS "memberVersion", m.user_id AS "userId", m.joined_seq AS "joinedSeq", m.left_seq AS "leftSeq"
    FROM chats c JOIN members m ON m.chat_id = c.id WHERE c.id = $1`,
};

/**
 * Everybody who is or was a member, as intervals of seq, with the version of this list: an event's recipients are those
 * whose interval holds its seq, however late it is asked [M7]. A chat that does not exist has no intervals.
 */
export async function readMemberIntervals(db: Database, chatId: string): Promise<MemberIntervals> {
  const rows = await db.query<MemberInterval & { memberVersion: number }>(read, [chatId]);
  const intervals = rows.map(({ userId, joinedSeq, leftSeq }) => ({ userId, joinedSeq, leftSeq }));
  return { memberVersion: rows[0]?.memberVersion ?? 0, intervals };
}
