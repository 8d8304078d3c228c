import { withDeadline } from '@carillon/runtime';
import { Redis } from 'ioredis';

/** What an operator wants to know of Redis before shards depend on it. */
export type RedisFacts = {
  readonly version: string;
  readonly isCluster: boolean;
  readonly isReplica: boolean;
  readonly evictionPolicy: string;
};

const deadlineMs = 5_000;

/** Rejects within 5 s with the reason, when Redis cannot be reached or refuses the user. Changes nothing. */
export async function inspectRedis(url: string): Promise<RedisFacts> {
  const redis = new Redis(url, { lazyConnect: true, connectTimeout: deadlineMs, retryStrategy: () => null });
  // The calls are rejected with "Connection is closed", whatever the reason: the event has it.
  let reason: unknown;
  redis.on('error', (error) => {
    reason ??= error;
  });
  try {
    return await withDeadline(inspect(redis), deadlineMs, 'the answer of Redis');
  } catch (error) {
    throw reason ?? error;
  } finally {
    redis.disconnect();
  }
}

async function inspect(redis: Redis): Promise<RedisFacts> {
  await redis.connect();
  const info = await redis.info();
  const field = (name: string) => new RegExp(`^${name}:(.*?)\\r?$`, 'm').exec(info)?.[1] ?? '';
  return {
    version: field('redis_version'),
    isCluster: field('redis_mode') === 'cluster' || field('cluster_enabled') === '1',
    isReplica: field('role') === 'slave',
    evictionPolicy: field('maxmemory_policy'),
  };
}
