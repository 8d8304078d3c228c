import type { RecentRecords } from '../consumer/recent-records.ts';
import type { ResumeOutcome } from '../metrics.ts';
import type { Connection } from './connection.ts';
import type { SendQueue } from './send-queue.ts';

/** What a replay needs of a connection. */
type Resuming = Pick<Connection, 'partition' | 'userId' | 'deliver'> & { readonly queue: Pick<SendQueue, 'room'> };

/** What a replay leaves free of the send queue, for what comes until `ready`. */
const freeShare = 0.5;

/**
 * Puts what the user was sent behind `pos` into the connection's queue [R6]. Called in the turn in which the connection joined the
 * table, while its queue is held: what is replayed was routed before, so it never reached this connection, and what was not routed
 * yet comes behind it [M4]. The record at the border may come twice in a row.
 */
export function replay(connection: Resuming, pos: string, recent: Pick<RecentRecords, 'framesBehind'>): ResumeOutcome {
  const frames = recent.framesBehind(pos, connection.partition, connection.userId);
  if (frames === undefined) return 'unknown';
  const bytes = frames.reduce((sum, frame) => sum + frame.bytes.length, 0);
  if (bytes > connection.queue.room * freeShare) return 'too_much';
  for (const frame of frames) connection.deliver(frame);
  return 'replayed';
}
