import type { Identity, Tickets } from '@carillon/auth';
import { AppError, partitionOf, type Ticket } from '@carillon/protocol';
import type { Clock } from '@carillon/runtime';
import { chooseShard } from './choose-shard.ts';
import type { ShardLeases } from './shard-leases.ts';

/** A ticket opens a connection within this time; the connection itself lasts as long as the token it was bought with [S3]. */
const ticketLifetimeMs = 60_000;

/** What tickets are made of and with. */
export type TicketParts = {
  readonly tickets: Tickets;
  readonly leases: ShardLeases;
  /** Undefined until the event log was reached once. */
  readonly partitionCount: () => number | undefined;
  readonly clock: Clock;
};

/**
 * A ticket, and the shard to go to with it: one that lives, or where none is known to, one that did lately [R5]. No such shard:
 * AppError('unavailable').
 */
export async function createTicket(parts: TicketParts, caller: Identity, avoidShardId: string | undefined): Promise<Ticket> {
  if (caller.expiresAtMs <= parts.clock.nowMs()) throw new AppError('token_expired');
  const choice = { partition: partitionFor(parts.partitionCount(), caller.userId), avoidShardId };
  const shard = chooseShard(await parts.leases.current(), choice) ?? chooseShard(parts.leases.remembered(), choice);
  if (shard === undefined) throw new AppError('unavailable', { detail: 'No shard takes connections now', retryAfterSeconds: 2 });
  const grant = { userId: caller.userId, sessionExpiresAtMs: caller.expiresAtMs, lifetimeMs: ticketLifetimeMs };
  const { ticket, expiresAtMs } = parts.tickets.issue(grant);
  return { ticket, url: shard.url, shard_id: shard.shardId, expires_at: new Date(expiresAtMs).toISOString() };
}

/** Until the event log's partitions are known, any shard will do [R2]. */
function partitionFor(partitionCount: number | undefined, userId: string): number | undefined {
  return partitionCount === undefined ? undefined : partitionOf(userId, partitionCount);
}
