import type { EventLogReader } from '@carillon/event-log';
import { type Clock, type Logger, withDeadline } from '@carillon/runtime';
import type { ShardConfig } from '../config.ts';
import type { ShardSockets } from '../shard-sockets.ts';

type DrainOptions = {
  readonly config: Pick<ShardConfig, 'SHARD_DRAIN_WAIT_SECONDS'>;
  readonly sockets: ShardSockets;
  /** Undefined where the shard stops before it joined. */
  readonly reader: EventLogReader | undefined;
  readonly isDelivered: () => boolean;
  readonly clock: Clock;
  readonly logger: Logger;
};

const leaveLimitMs = 5_000;
const deliverLimitMs = 5_000;
const pollMs = 10;
/** Close frames leave the process, and clients answer them, before the sockets are cut. */
const closeGraceMs = 250;

/**
 * Serves on until load balancers have noticed, stops reading, delivers what was read, commits and leaves the group, then ends the
 * connections. Each step has a limit and the next one follows whatever happened: a drain ends.
 */
export async function drainShard(options: DrainOptions): Promise<void> {
  const { config, sockets, reader, clock, logger } = options;
  if (config.SHARD_DRAIN_WAIT_SECONDS > 0) await clock.sleep(config.SHARD_DRAIN_WAIT_SECONDS * 1000);
  if (reader !== undefined) {
    await tryWithin(reader.stopFetching(), 'the end of fetching', logger);
    await waitUntil(options.isDelivered, clock);
    await tryWithin(reader[Symbol.asyncDispose](), 'leaving the group', logger);
  }
  if (sockets.endAll()) await clock.sleep(closeGraceMs);
}

async function tryWithin(step: Promise<void>, what: string, logger: Logger): Promise<void> {
  try {
    await withDeadline(step, leaveLimitMs, what);
  } catch (err) {
    logger.warn({ err }, 'a step of the drain failed');
  }
}

async function waitUntil(isTrue: () => boolean, clock: Clock): Promise<void> {
  const deadlineMs = clock.monotonicMs() + deliverLimitMs;
  while (!isTrue() && clock.monotonicMs() < deadlineMs) await clock.sleep(pollMs);
}
