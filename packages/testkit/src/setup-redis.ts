import type { TestProject } from 'vitest/node';
import { announceOnStderr } from './announce-on-stderr.ts';
import type {} from './provided-urls.ts';
import { startRedis } from './redis.ts';

/** vitest's global setup: one Redis for the whole run, from REDIS_URL or our own. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const url = process.env['REDIS_URL'];
  if (url !== undefined && url !== '') {
    project.provide('redisUrl', url);
    return async () => undefined;
  }
  const server = await startRedis({ announce: announceOnStderr });
  project.provide('redisUrl', server.url);
  return () => server.stop();
}
