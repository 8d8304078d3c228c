import type { Tickets } from '@carillon/auth';
import type { EventLogReader } from '@carillon/event-log';
import type { LiveLease } from '@carillon/presence';
import { type Clock, type Logger, withDeadline } from '@carillon/runtime';
import type { ShardConfig } from '../config.ts';
import type { ShardSockets } from '../shard-sockets.ts';
import { adviseReconnect, drainWindowMs } from './advise-reconnect.ts';

type DrainOptions = {
  readonly config: Pick<ShardConfig, 'SHARD_ID' | 'SHARD_DRAIN_WAIT_SECONDS' | 'SHARD_DRAIN_SECONDS' | 'UPGRADE_RATE'>;
  readonly sockets: ShardSockets;
  /** Undefined where the shard stops before it joined. */
  readonly reader: EventLogReader | undefined;
  /** The group is left: other shards own the partitions. */
  readonly onLeft: () => void;
  readonly isDelivered: () => boolean;
  /** Where clients may go; rejects when the registry is away. */
  readonly readLeases: () => Promise<readonly LiveLease[]>;
  readonly tickets: Tickets;
  readonly clock: Clock;
  readonly random: () => number;
  readonly logger: Logger;
};

const leaveLimitMs = 5_000;
const deliverLimitMs = 5_000;
/** After the window, for clients that read on from the old connection. */
const readOnMs = 5_000;
const pollMs = 10;
/** Close frames leave the process, and clients answer them, before the sockets are cut. */
const closeGraceMs = 250;

/**
 * Serves on until load balancers have noticed; stops reading, delivers what was read, commits and leaves the group; sends clients
 * elsewhere, paced, while new owners forward to them; then ends the rest. Each step has a limit and the next one follows whatever
 * happened: a drain ends.
 */
export async function drainShard(options: DrainOptions): Promise<void> {
  const { config, reader, sockets, clock, logger } = options;
  if (config.SHARD_DRAIN_WAIT_SECONDS > 0) await clock.sleep(config.SHARD_DRAIN_WAIT_SECONDS * 1000);
  if (reader !== undefined) {
    await tryWithin(reader.stopFetching(), 'the end of fetching', logger);
    await waitUntil(options.isDelivered, deliverLimitMs, clock);
    await tryWithin(reader[Symbol.asyncDispose](), 'leaving the group', logger);
    options.onLeft();
  }
  if (sockets.connections.size > 0) await sendElsewhere(options);
  if (sockets.endAll()) await clock.sleep(closeGraceMs);
}

async function sendElsewhere({ config, sockets, isDelivered, readLeases, tickets, clock, random, logger }: DrainOptions): Promise<void> {
  const windowMs = drainWindowMs(sockets.connections.size, config);
  try {
    const leases = await readLeases();
    const isAdvised = await adviseReconnect({
      shardId: config.SHARD_ID,
      connections: sockets.connections.all(),
      leases,
      tickets,
      random,
      windowMs,
    });
    if (!isAdvised) return;
  } catch (err) {
    logger.warn({ err }, 'clients could not be told where to go');
    return;
  }
  await waitUntil(isDelivered, deliverLimitMs, clock);
  await waitUntil(() => sockets.connections.size === 0, windowMs + Math.min(readOnMs, windowMs), clock);
}

async function tryWithin(step: Promise<void>, what: string, logger: Logger): Promise<void> {
  try {
    await withDeadline(step, leaveLimitMs, what);
  } catch (err) {
    logger.warn({ err }, 'a step of the drain failed');
  }
}

async function waitUntil(isTrue: () => boolean, limitMs: number, clock: Clock): Promise<void> {
  const deadlineMs = clock.monotonicMs() + limitMs;
  while (!isTrue() && clock.monotonicMs() < deadlineMs) await clock.sleep(pollMs);
}
