import { createServer } from 'node:net';
import { freePorts } from '@carillon/testkit';
import { expect, inject, test } from 'vitest';
import { probeRedis } from './probe-redis.ts';

test('a Redis that answers is found; one that does not is told with the reason', async () => {
  await probeRedis(inject('redisUrl'), 5_000);
  const [port] = await freePorts(1);
  await expect(probeRedis(`redis://127.0.0.1:${port}`, 5_000)).rejects.toThrow(/ECONNREFUSED/);
});

test('a server that takes connections and never answers ends in the time limit', async () => {
  const silent = createServer((socket) => socket.resume()).listen(0, '127.0.0.1');
  await new Promise((resolve) => silent.once('listening', resolve));
  const address = silent.address();
  const port = typeof address === 'object' ? address?.port : undefined;
  await expect(probeRedis(`redis://127.0.0.1:${port}`, 200)).rejects.toThrow('Redis took longer than 200 ms');
  await new Promise((resolve) => silent.close(resolve));
});
