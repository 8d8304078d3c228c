import type { EventPage, EventsQuery } from '@carillon/protocol';
import { type Database, readEvents } from '@carillon/store';
import { requireOk } from '../require-ok.ts';

/** A chat's events after a `seq`, inside the caller's memberships; older than the log: AppError('events_pruned') [H5]. */
export async function eventPage(database: Database, place: { chatId: string; userId: string }, query: EventsQuery): Promise<EventPage> {
  const outcome = await readEvents(database, { ...place, afterSeq: query.after_seq, limit: query.limit });
  const { events, seq, hasMore } = requireOk(outcome);
  return { events, seq, has_more: hasMore };
}
