import { randomUUID } from 'node:crypto';
import { silentLogger } from '@carillon/runtime';
import { startRedis } from '@carillon/testkit';
import { Redis } from 'ioredis';
import { describe, expect, inject, test } from 'vitest';
import { type PresenceHarness, presenceContract } from './presence.contract.ts';
import { shardToken } from './presence.ts';
import { RedisPresence } from './redis-presence.ts';

const redisUrl = inject('redisUrl');

type RedisHarness = PresenceHarness & { readonly raw: Redis; readonly keyPrefix: string };

/** A registry of its own: a key prefix. Its time passes by making every lease older. */
async function open(url = redisUrl): Promise<RedisHarness> {
  const keyPrefix = `test-${randomUUID()}:`;
  const raw = new Redis(url);
  raw.on('error', (err) => expect(err).toBeInstanceOf(Error));
  const presence = new RedisPresence({ url, keyPrefix, logger: silentLogger });
  // A command waits 300 ms at most for a first connection: on a busy machine not long enough.
  await expect.poll(() => presence.isConnected()).toBe(true);
  const keys = () => raw.keys(`${keyPrefix}*`);
  const flush = async () => {
    const found = await keys();
    if (found.length > 0) await raw.del(found);
  };
  return {
    presence,
    raw,
    keyPrefix,
    flush,
    passMs: async (ms) => {
      for (const token of await raw.zrange(`${keyPrefix}shards`, '0', '-1')) await raw.zincrby(`${keyPrefix}shards`, `${-ms}`, token);
    },
    [Symbol.asyncDispose]: async () => {
      await flush();
      raw.disconnect();
      await presence[Symbol.asyncDispose]();
    },
  };
}

/** A server that a test may stall and kill. */
async function ownServer() {
  const server = await startRedis();
  return { url: server.url, process: server.process, [Symbol.asyncDispose]: () => server.stop() };
}

presenceContract('Redis', () => open());

describe('presence in Redis', () => {
  test('scripts survive SCRIPT FLUSH', async () => {
    await using harness = await open();
    const epoch = await harness.presence.claimEpoch('s1');
    await harness.raw.script('FLUSH');
    expect(await harness.presence.claimEpoch('s1')).toBeGreaterThan(epoch);
  });

  test('everything but the partitions expires by itself', async () => {
    await using harness = await open();
    const { presence, raw, keyPrefix } = harness;
    const epoch = await presence.claimEpoch('s1');
    await presence.renewLease({ shardId: 's1', epoch, url: 'ws://127.0.0.1:1', state: 'active', connections: 0, partitions: [] });
    expect(await raw.pttl(`${keyPrefix}shard:s1`)).toBeGreaterThan(15_000);
    expect(await raw.pttl(`${keyPrefix}shard-epoch:s1`)).toBeGreaterThan(15_000);
  });

  test('[R5] a stalled server rejects within 300 ms, and the connection comes back', async () => {
    await using server = await ownServer();
    await using harness = await open(server.url);
    const { presence, raw } = harness;
    await presence.readLeases();
    await raw.call('CLIENT', 'PAUSE', '5000', 'ALL');
    const startedAt = performance.now();
    await expect(presence.register(1, ['ann'], shardToken('s1', 1))).rejects.toThrow();
    expect(performance.now() - startedAt).toBeLessThan(3_000);
    await expect.poll(() => presence.readLeases().catch(() => undefined)).toEqual([]);
  });

  test('[R3] a server that started again without its data restores the lease', async () => {
    await using server = await ownServer();
    await using harness = await open(server.url);
    const { presence } = harness;
    const lease = {
      shardId: 's1',
      epoch: await presence.claimEpoch('s1'),
      url: 'ws://127.0.0.1:1',
      state: 'active' as const,
      connections: 0,
      partitions: [],
    };
    await presence.renewLease(lease);
    await server.process.signal('SIGKILL');
    await expect(presence.renewLease(lease)).rejects.toThrow();
    await server.process.start();
    await expect.poll(() => presence.renewLease(lease).catch(() => undefined)).toBe('restored');
    expect(await presence.renewLease(lease)).toBe('renewed');
  });

  test('[R5] a server that is not there rejects within 300 ms', async () => {
    await using presence = new RedisPresence({ url: 'redis://127.0.0.1:1', logger: silentLogger });
    const startedAt = performance.now();
    await expect(presence.claimEpoch('s1')).rejects.toThrow();
    expect(performance.now() - startedAt).toBeLessThan(3_000);
    expect(presence.isConnected()).toBe(false);
  });

  test('a fresh client waits for its connection, also where the process is busy with its start', async () => {
    await using presence = new RedisPresence({ url: redisUrl, keyPrefix: `test-${randomUUID()}:`, logger: silentLogger });
    for (const busyUntilMs = performance.now() + 400; performance.now() < busyUntilMs; );
    expect(await presence.readPredecessor('s1')).toBeUndefined();
  });

  test('each operation is timed', async () => {
    await using harness = await open();
    const operations: string[] = [];
    const { keyPrefix } = harness;
    await using presence = new RedisPresence({ url: redisUrl, keyPrefix, logger: silentLogger, onOperation: (op) => operations.push(op) });
    await presence.readLeases();
    expect(operations).toEqual(['read-leases']);
  });
});
