import type { Tickets } from '@carillon/auth';
import type { LiveLease } from '@carillon/presence';
import type { Connection } from '../connection/connection.ts';

type AdviseOptions = {
  readonly shardId: string;
  readonly connections: readonly Connection[];
  readonly leases: readonly LiveLease[];
  readonly tickets: Tickets;
  readonly random: () => number;
  /** The window over which the clients' reconnects are spread. */
  readonly windowMs: number;
};

/** A lease that was not renewed for this long may be that of a dead shard: no client is sent there. */
const freshLeaseMs = 6_000;
/** The ticket lasts this long beyond the moment that its client was told. */
const ticketMarginMs = 60_000;
/** Told in one turn of the event loop: a millisecond or two. */
const toldInTurn = 100;

/**
 * Tells every ready connection where to go and when: uniform over the window, so that no herd forms [L2]. Each gets a ticket of its
 * own for the owner of its partition, else for any active shard. False: there is no other shard, nobody was told.
 */
export async function adviseReconnect(options: AdviseOptions): Promise<boolean> {
  const targets = options.leases.filter((lease) => isTarget(lease, options.shardId));
  if (targets.length === 0) return false;
  for (const [index, connection] of options.connections.entries()) {
    if (index % toldInTurn === 0) await new Promise((resolve) => setImmediate(resolve));
    if (connection.state !== 'ready') continue;
    const target = targets.find((lease) => lease.partitions.includes(connection.partition)) ?? targets[index % targets.length];
    if (target !== undefined) advise(connection, target, options);
  }
  return true;
}

function isTarget(lease: LiveLease, shardId: string): boolean {
  return lease.state === 'active' && lease.shardId !== shardId && lease.ageMs <= freshLeaseMs;
}

function advise(connection: Connection, target: LiveLease, { tickets, random, windowMs }: AdviseOptions): void {
  const notBeforeMs = Math.floor(random() * windowMs);
  const { userId, expiresAtMs: sessionExpiresAtMs } = connection;
  const { ticket } = tickets.issue({ userId, sessionExpiresAtMs, lifetimeMs: notBeforeMs + ticketMarginMs });
  connection.send({ type: 'reconnect', reason: 'drain', url: target.url, ticket, not_before_ms: notBeforeMs });
}

/** From 2 ÷ `UPGRADE_RATE` per connection, at least 10 s, at most `SHARD_DRAIN_SECONDS`; 0 without connections. */
export function drainWindowMs(
  connections: number,
  limits: { readonly SHARD_DRAIN_SECONDS: number; readonly UPGRADE_RATE: number },
): number {
  if (connections === 0) return 0;
  const paced = limits.UPGRADE_RATE === 0 ? 0 : connections / (0.5 * limits.UPGRADE_RATE);
  return Math.min(Math.max(paced, 10), limits.SHARD_DRAIN_SECONDS) * 1000;
}
