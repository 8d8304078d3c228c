import { randomUUID } from 'node:crypto';
import { RedisPresence, type ShardToken } from '@carillon/presence';
import { silentLogger, systemClock, withDeadline } from '@carillon/runtime';
import { type RedisServer, startRedis } from '@carillon/testkit';
import { Redis } from 'ioredis';
import { describe, expect, inject, test } from 'vitest';
import { RedisInbox } from '../inbox/redis-inbox.ts';
import { allPartitions, Node } from './node.fixture.ts';

/** A shard with connections of its own. */
async function startNode(shardId: string, url: string, keyPrefix: string) {
  const openInbox = (token: ShardToken) =>
    new RedisInbox({ token, url, keyPrefix, clock: systemClock, random: Math.random, logger: silentLogger });
  const presence = new RedisPresence({ url, keyPrefix, logger: silentLogger });
  // A command waits 300 ms at most for a first connection: on a busy machine not long enough.
  await expect.poll(() => presence.isConnected()).toBe(true);
  const node = new Node(shardId, presence, openInbox);
  await node.start();
  await node.claim([]);
  const dispose = async () => {
    await node[Symbol.asyncDispose]();
    await presence[Symbol.asyncDispose]();
  };
  return { node, presence, [Symbol.asyncDispose]: dispose };
}

/** Two shards; `owner` owns every partition. */
async function pair(url: string) {
  const keyPrefix = `test-${randomUUID()}:`;
  const [owner, other] = [await startNode('owner', url, keyPrefix), await startNode('other', url, keyPrefix)];
  await owner.node.own(allPartitions);
  const dispose = async () => {
    await owner[Symbol.asyncDispose]();
    await other[Symbol.asyncDispose]();
  };
  return { owner, other, keyPrefix, [Symbol.asyncDispose]: dispose };
}

/** Renews as a shard does, and registers all again when the registry had lost the lease. */
async function keepLease(node: Node<RedisInbox>, partitions: readonly number[]): Promise<boolean> {
  try {
    if ((await node.claim(partitions)) === 'restored') node.registrar.registerAll();
    return true;
  } catch {
    return false;
  }
}

type Fault = (server: RedisServer, admin: Redis) => Promise<unknown>;

const faults: readonly (readonly [string, Fault])[] = [
  ['forgets everything', (_, admin) => admin.flushall()],
  ['forgets its scripts', (_, admin) => admin.script('FLUSH')],
  ['drops its clients', (_, admin) => admin.call('CLIENT', 'KILL', 'TYPE', 'normal')],
  ['answers nobody for 2 s', (_, admin) => admin.client('PAUSE', 2_000, 'ALL')],
  ['has no memory left for 1 s', outOfMemory],
  ['comes back empty', (server) => server.process.signal('SIGKILL').then(() => server.process.start())],
];

async function outOfMemory(_: RedisServer, admin: Redis): Promise<void> {
  await admin.config('SET', 'maxmemory', '1');
  await systemClock.sleep(1_000);
  await admin.config('SET', 'maxmemory', '0');
}

describe('registrations on Redis', () => {
  test.each(faults)(
    '[R5][R10] Redis %s: no promise hangs, own users notice nothing, then owner and registry hold what is true',
    async (_, harm) => {
      const server = await startRedis();
      await using _server = { [Symbol.asyncDispose]: () => server.stop() };
      const admin = new Redis(server.url, { retryStrategy: () => 100 });
      // The faults end its connection too.
      admin.on('error', () => undefined);
      using _admin = { [Symbol.dispose]: () => admin.disconnect() };
      await using shards = await pair(server.url);
      const { owner, other } = shards;
      const userIds = Array.from({ length: 300 }, (_user, i) => `user-${i}`);
      await Promise.all(userIds.map((userId) => other.node.registrar.register(userId)));
      for (const userId of userIds.slice(0, 100)) other.node.registrar.unregister(userId);
      const harmed = harm(server, admin);
      const during = await withDeadline(
        Promise.all([owner.node.registrar.register('own'), other.node.registrar.register('foreign')]),
        5_000,
        'registrations during the fault',
      );
      expect(during[0]).toEqual({ degraded: false });
      await harmed;
      const keepBoth = async () => (await keepLease(owner.node, allPartitions)) && (await keepLease(other.node, []));
      await expect.poll(keepBoth).toBe(true);
      const expected = new Set([...userIds.slice(100), 'foreign']);
      const isTrue = (holds: (userId: string) => boolean) =>
        [...userIds, 'foreign'].every((userId) => holds(userId) === expected.has(userId));
      const registered = async () => {
        const loads = await Promise.all(allPartitions.map((partition) => other.presence.loadPartition(partition)));
        return isTrue((userId) => loads.some((load) => load.get(userId)?.includes(other.node.token)));
      };
      await expect.poll(() => isTrue((userId) => owner.node.holders(userId).includes(other.node.token))).toBe(true);
      await expect.poll(registered).toBe(true);
      await expect.poll(() => userIds.filter((userId) => other.node.registrar.isDegraded(userId))).toEqual([]);
    },
    60_000,
  );

  test('[R7] a storm of users is acknowledged by the owner, who then knows them all', async () => {
    await using shards = await pair(inject('redisUrl'));
    const { owner, other } = shards;
    const userIds = Array.from({ length: 2_000 }, (_, i) => `user-${i}`);
    const outcomes = await Promise.all(userIds.map((userId) => other.node.registrar.register(userId)));
    expect(outcomes.filter(({ degraded }) => degraded)).toEqual([]);
    expect(userIds.filter((userId) => owner.node.holders(userId)[0] !== other.node.token)).toEqual([]);
    for (const userId of userIds) other.node.registrar.unregister(userId);
    await expect.poll(() => userIds.filter((userId) => owner.node.holders(userId).length > 0).length).toBe(0);
    for (const partition of allPartitions) expect((await other.presence.loadPartition(partition)).size).toBe(0);
  });

  test('[R8] a new owner loads what is registered, and hears what comes', async () => {
    await using shards = await pair(inject('redisUrl'));
    const { owner, other, keyPrefix } = shards;
    await other.node.registrar.register('ann');
    await using successor = await startNode('successor', inject('redisUrl'), keyPrefix);
    owner.node.assign([]);
    await owner.node.claim([]);
    await successor.node.own(allPartitions);
    expect(successor.node.holders('ann')).toEqual([other.node.token]);
    expect(await other.node.registrar.register('bob')).toEqual({ degraded: false });
    expect(successor.node.holders('bob')).toEqual([other.node.token]);
  });

  test('[R5] Redis dies and comes back empty: degraded at once, then all is as before', async () => {
    const server = await startRedis();
    await using _ = { [Symbol.asyncDispose]: () => server.stop() };
    await using shards = await pair(server.url);
    const { owner, other } = shards;
    await other.node.registrar.register('ann');
    await server.process.signal('SIGKILL');
    await expect.poll(() => other.presence.isConnected()).toBe(false);
    const startedAt = performance.now();
    expect(await other.node.registrar.register('bob')).toEqual({ degraded: true });
    expect(performance.now() - startedAt).toBeLessThan(2_000);
    await server.process.start();
    await expect
      .poll(() =>
        owner.node.claim(allPartitions).then(
          () => true,
          () => false,
        ),
      )
      .toBe(true);
    await expect
      .poll(() =>
        other.node.claim([]).then(
          () => true,
          () => false,
        ),
      )
      .toBe(true);
    other.node.registrar.registerAll();
    for (const userId of ['ann', 'bob']) {
      await expect.poll(() => owner.node.holders(userId)).toEqual([other.node.token]);
      await expect.poll(() => other.node.registrar.register(userId)).toEqual({ degraded: false });
    }
  });
});
