import { expect, inject, test } from 'vitest';
import { startRedis } from './redis.ts';

test('the run has one Redis, and a test may start its own, kill it and start it again on the same port', async () => {
  expect(inject('redisUrl')).toMatch(/^rediss?:\/\//);
  const server = await startRedis();
  const { pid, url } = server;
  await server.process.signal('SIGKILL');
  expect(server.pid).toBeUndefined();
  await server.process.start();
  expect(server.pid).not.toBe(pid);
  expect(server.url).toBe(url);
  await server.stop();
  expect(server.pid).toBeUndefined();
});
