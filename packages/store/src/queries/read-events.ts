import type { Event } from '@carillon/protocol';
import type { Database } from '../database.ts';
import { type NotFound, notFound } from '../outcomes.ts';

export type ReadEventsInput = { readonly chatId: string; readonly userId: string; readonly afterSeq: number; readonly limit: number };

export type ReadEventsOutcome =
  | { readonly kind: 'ok'; readonly events: Event[]; readonly seq: number; readonly hasMore: boolean }
  | NotFound
  | { readonly kind: 'pruned' };

// Retention removes a prefix of each chat's events: `stored` is where what is left begins.
const read = {
  name: 'read-events',
  text: `WITH me AS (
      SELECT c.id, c.seq, COALESCE((SELECT min(e.seq) FROM events e WHERE e.chat_id = c.id), c.seq + 1) AS stored
      FROM chats c JOIN members m ON m.chat_id = c.id
      WHERE c.id = $1 AND c.deleted_at IS NULL AND m.user_id = $2 AND m.left_seq IS NULL
    )
    SELECT me.seq,
      EXISTS (SELECT 1 FROM members i WHERE i.chat_id = me.id AND i.user_id = $2
        AND GREATEST(i.joined_seq, $3::bigint + 1) <= LEAST(i.left_seq, me.stored - 1)) AS pruned,
      COALESCE((SELECT jsonb_agg(wire_event(page) ORDER BY page.seq) FROM (
        SELECT e.* FROM members i CROSS JOIN LATERAL (
          SELECT * FROM events x WHERE x.chat_id = i.chat_id AND x.seq >= i.joined_seq
            AND x.seq <= COALESCE(i.left_seq, 9223372036854775807) AND x.seq > $3 ORDER BY x.seq LIMIT $4
        ) e WHERE i.chat_id = me.id AND i.user_id = $2 ORDER BY e.seq LIMIT $4
      ) page), '[]') AS events
    FROM me`,
};

type Row = { seq: number; pruned: boolean; events: Event[] };

/**
 * The caller's events of a chat after a seq. The answer's `seq` tells how far it is complete, whatever numbers outside the
 * caller's intervals it skips [M5]. `pruned` when retention has removed one that the caller has not seen [H5].
 */
export async function readEvents(db: Database, input: ReadEventsInput): Promise<ReadEventsOutcome> {
  const afterSeq = Math.min(input.afterSeq, Number.MAX_SAFE_INTEGER - 1);
  const [row] = await db.query<Row>(read, [input.chatId, input.userId, afterSeq, input.limit + 1]);
  if (row === undefined) return notFound;
  if (row.pruned) return { kind: 'pruned' };
  const hasMore = row.events.length > input.limit;
  const events = row.events.slice(0, input.limit);
  return { kind: 'ok', events, seq: hasMore ? (events.at(-1)?.seq ?? row.seq) : row.seq, hasMore };
}
