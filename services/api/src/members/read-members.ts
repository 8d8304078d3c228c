import type { MemberPage, PageQuery } from '@carillon/protocol';
import { type Database, readMembers } from '@carillon/store';
import { cursorInput } from '../cursor-input.ts';
import { requireOk } from '../require-ok.ts';

/** A page of a chat's members, for its members. */
export async function memberPage(database: Database, place: { chatId: string; userId: string }, query: PageQuery): Promise<MemberPage> {
  const outcome = await readMembers(database, { ...place, limit: query.limit, ...cursorInput(query.cursor) });
  const { members, seq, nextCursor } = requireOk(outcome);
  return { members, seq, next_cursor: nextCursor };
}
