import type { Logger } from '@carillon/runtime';
import { Redis } from 'ioredis';

export type RedisConnectionOptions = {
  readonly url: string;
  /** Shown by the server's CLIENT LIST. */
  readonly name: string;
  readonly logger: Logger;
  /** `commands` answers or rejects within 300 ms; `blocking` is for one command that waits at the server. */
  readonly use: 'commands' | 'blocking';
  readonly random?: (() => number) | undefined;
};

/**
 * A connection that keeps reconnecting until it is disconnected, at most 3 s apart. What each setting is for:
 * - no offline queue, no resending: a command that did not leave, or whose link died, is rejected and never comes late. A
 *   blocking read is resent: without both a resend and a time limit of its own it would never settle;
 * - `commandTimeout`: a command in flight on a dying or blackholed link would stay pending for ever without it. A blocking
 *   command must not have it: it times out although the link is healthy;
 * - `socketTimeout`: an unanswered link becomes a reconnect. Idle links are not touched: the timer starts with a command.
 */
export function connectRedis(options: RedisConnectionOptions): Redis {
  const random = options.random ?? Math.random;
  const settings = {
    connectionName: options.name,
    protocol: 2 as const,
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: options.use === 'blocking',
    maxRetriesPerRequest: 1,
    connectTimeout: 1_000,
    keepAlive: 5_000,
    retryStrategy: (attempt: number) => Math.min(2_000, 50 * 2 ** attempt) * (0.5 + random()),
    ...(options.use === 'commands' ? { commandTimeout: commandTimeoutMs, socketTimeout: 2_000 } : { socketTimeout: 5_000 }),
  };
  const redis = new Redis(options.url, settings);
  logState(redis, options);
  return redis;
}

/** How long a command may take before it is rejected. */
export const commandTimeoutMs = 300;

/** One line when the connection is lost and one when it is back; what happens in between is for debugging. */
function logState(redis: Redis, { logger, name }: RedisConnectionOptions): void {
  let isDown = false;
  redis.on('ready', () => {
    if (isDown) logger.info({ connection: name }, 'redis is back');
    isDown = false;
  });
  redis.on('error', (err: unknown) => {
    if (isDown) logger.debug({ connection: name, err }, 'redis is still away');
    else logger.warn({ connection: name, err }, 'redis is away');
    isDown = true;
  });
}
