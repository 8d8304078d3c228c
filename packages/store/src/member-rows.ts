import type { Member, Role } from '@carillon/protocol';
import type { Queryable } from './database.ts';

const read = {
  name: 'read-member',
  text: 'SELECT wire_member(m) AS member FROM members m WHERE m.chat_id = $1 AND m.user_id = $2 AND m.left_seq IS NULL',
};

/** The current membership of a user in a locked chat. */
export async function readMember(transaction: Queryable, chatId: string, userId: string): Promise<Member | undefined> {
  const [row] = await transaction.query<{ member: Member }>(read, [chatId, userId]);
  return row?.member;
}

const update = {
  name: 'set-role',
  text: 'UPDATE members SET role = $3 WHERE chat_id = $1 AND user_id = $2 AND left_seq IS NULL RETURNING wire_member(members) AS member',
};

export async function setRole(transaction: Queryable, chatId: string, userId: string, role: Role): Promise<Member> {
  const [row] = await transaction.query<{ member: Member }>(update, [chatId, userId, role]);
  if (row === undefined) throw new Error('a member of a locked chat stays one');
  return row.member;
}

const end = {
  name: 'end-interval',
  text: `UPDATE members SET left_seq = $3, left_xid = pg_current_xact_id() WHERE chat_id = $1 AND user_id = $2 AND left_seq IS NULL`,
};

/** The member sees the event with this seq, and nothing later [M6]. */
export async function endInterval(transaction: Queryable, chatId: string, userId: string, leftSeq: number): Promise<void> {
  await transaction.query(end, [chatId, userId, leftSeq]);
}

const successor = {
  name: 'read-successor',
  text: `SELECT m.user_id FROM members m WHERE m.chat_id = $1 AND m.left_seq IS NULL AND m.user_id <> $2
    ORDER BY m.role <> 'admin', m.joined_seq, m.user_id LIMIT 1`,
};

/** Who becomes the owner when this one leaves: the longest-serving admin, else member. */
export async function readSuccessor(transaction: Queryable, chatId: string, ownerId: string): Promise<string | undefined> {
  const [row] = await transaction.query<{ user_id: string }>(successor, [chatId, ownerId]);
  return row?.user_id;
}
