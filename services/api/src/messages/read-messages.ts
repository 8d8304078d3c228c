import type { MessagePage, MessagesQuery } from '@carillon/protocol';
import { type Database, readMessages } from '@carillon/store';
import { requireOk } from '../require-ok.ts';

/** A page of a chat's messages that the caller may see, with its watermark [H7]. */
export async function messagePage(
  database: Database,
  place: { chatId: string; userId: string },
  query: MessagesQuery,
): Promise<MessagePage> {
  const outcome = await readMessages(database, { ...place, limit: query.limit, position: positionOf(query) });
  const { messages, seq, hasMoreBefore, hasMoreAfter } = requireOk(outcome);
  return { messages, seq, has_more_before: hasMoreBefore, has_more_after: hasMoreAfter };
}

type Position = Parameters<typeof readMessages>[1]['position'];

/** The schema lets at most one pass. */
function positionOf({ before_seq: before, after_seq: after, around_seq: around }: MessagesQuery): Position {
  if (before !== undefined) return { kind: 'before', seq: before };
  if (after !== undefined) return { kind: 'after', seq: after };
  return around === undefined ? { kind: 'newest' } : { kind: 'around', seq: around };
}
