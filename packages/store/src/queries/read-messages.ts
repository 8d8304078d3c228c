import type { Message } from '@carillon/protocol';
import type { Database } from '../database.ts';

export type MessagesPosition = { readonly kind: 'newest' } | { readonly kind: 'before' | 'after' | 'around'; readonly seq: number };

export type ReadMessagesInput = {
  readonly chatId: string;
  readonly userId: string;
  readonly limit: number;
  readonly position: MessagesPosition;
};

export type ReadMessagesOutcome =
  | {
      readonly kind: 'ok';
      readonly messages: Message[];
      readonly seq: number;
      readonly hasMoreBefore: boolean;
      readonly hasMoreAfter: boolean;
    }
  | { readonly kind: 'not_found' };

// Each of the caller's intervals is walked by itself: a late joiner's page never scans what came before.
const side = (comparison: string, direction: string, limit: string) => `
  COALESCE((SELECT jsonb_agg(wire_message(page) ORDER BY page.seq) FROM (
    SELECT g.* FROM members i CROSS JOIN LATERAL (
      SELECT * FROM messages x WHERE x.chat_id = i.chat_id AND x.seq >= i.joined_seq
        AND x.seq <= COALESCE(i.left_seq, 9223372036854775807) AND x.seq ${comparison} $3 ORDER BY x.seq ${direction} LIMIT ${limit}
    ) g WHERE i.chat_id = c.id AND i.user_id = $2 ORDER BY g.seq ${direction} LIMIT ${limit}
  ) page), '[]')`;

const read = {
  name: 'read-messages',
  text: `SELECT c.seq, ${side('<', 'DESC', '$4::int')} AS older, ${side('>=', 'ASC', '$5::int')} AS newer
    FROM chats c JOIN members m ON m.chat_id = c.id
    WHERE c.id = $1 AND c.deleted_at IS NULL AND m.user_id = $2 AND m.left_seq IS NULL`,
};

type Row = { seq: number; older: Message[]; newer: Message[] };

/**
 * A page of the messages that the caller may see, ascending, and the chat's `seq` read in the same statement: the page
 * contains the effect of every event up to it [H7]. `around` shares the limit between both sides; a short side leaves its
 * share to the other.
 */
export async function readMessages(db: Database, input: ReadMessagesInput): Promise<ReadMessagesOutcome> {
  const { pivot, older, newer } = window(input.position, input.limit);
  // One more on each side tells whether there is more.
  const [row] = await db.query<Row>(read, [input.chatId, input.userId, pivot, older + 1, newer + 1]);
  if (row === undefined) return { kind: 'not_found' };
  const before = Math.min(row.older.length, older, Math.max(Math.floor(input.limit / 2), input.limit - Math.min(row.newer.length, newer)));
  const after = Math.min(row.newer.length, newer, input.limit - before);
  const messages = [...row.older.slice(row.older.length - before), ...row.newer.slice(0, after)];
  return { kind: 'ok', messages, seq: row.seq, hasMoreBefore: row.older.length > before, hasMoreAfter: row.newer.length > after };
}

/** Messages below `pivot` are older, all others newer. */
function window(position: MessagesPosition, limit: number): { pivot: number; older: number; newer: number } {
  switch (position.kind) {
    case 'newest':
      return { pivot: Number.MAX_SAFE_INTEGER, older: limit, newer: 0 };
    case 'before':
      return { pivot: bounded(position.seq), older: limit, newer: 0 };
    case 'after':
      return { pivot: bounded(position.seq) + 1, older: 0, newer: limit };
    case 'around':
      return { pivot: bounded(position.seq), older: limit, newer: limit };
  }
}

/** What a client asks for may be beyond a bigint. */
function bounded(seq: number): number {
  return Math.min(seq, Number.MAX_SAFE_INTEGER - 1);
}
