import type { Database } from '../database.ts';

/** The channel on which relays hear of new outbox rows: the payload is the buckets, comma-separated. */
export const outboxChannel = 'carillon_outbox';

const notify = { name: 'notify-buckets', text: `SELECT pg_notify('${outboxChannel}', $1)` };

/**
 * Wakes the relays that own these buckets, in a statement of its own: inside the transaction of a send it would take a
 * global commit lock and halve the write rate.
 */
export async function notifyBuckets(db: Database, buckets: readonly number[]): Promise<void> {
  await db.query(notify, [buckets.join(',')]);
}
