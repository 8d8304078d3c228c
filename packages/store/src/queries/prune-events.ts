import type { Database } from '../database.ts';

export type PruneEventsInput = { readonly retentionDays: number; readonly limit: number };

/*
 * The oldest events past the retention name their chats; of each, the run up to the newest of them goes, but never an event
 * that is still in the outbox or a later one: so what is left of a chat is always its tail, without a hole.
 */
const prune = {
  name: 'prune-events',
  text: `WITH old AS (
      SELECT chat_id, seq FROM events WHERE at < clock_timestamp() - make_interval(days => $1) ORDER BY at, chat_id, seq LIMIT $2
    ), queued AS (
      SELECT chat_id, min(seq) AS seq FROM outbox GROUP BY chat_id
    ), cut AS (
      SELECT old.chat_id, LEAST(max(old.seq), min(queued.seq) - 1) AS seq FROM old LEFT JOIN queued ON queued.chat_id = old.chat_id
      GROUP BY old.chat_id
    ), gone AS (
      DELETE FROM events e USING cut WHERE e.chat_id = cut.chat_id AND e.seq <= cut.seq RETURNING 1
    )
    SELECT count(*) AS pruned FROM gone`,
};

/** Removes events older than the retention, about `limit` at a time, and says how many. Messages stay. */
export async function pruneEvents(db: Database, input: PruneEventsInput): Promise<number> {
  const [row] = await db.query<{ pruned: number }>(prune, [input.retentionDays, input.limit]);
  return row?.pruned ?? 0;
}
