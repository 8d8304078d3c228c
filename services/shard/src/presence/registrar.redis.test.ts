import { randomUUID } from 'node:crypto';
import { RedisPresence, type ShardToken } from '@carillon/presence';
import { silentLogger, systemClock } from '@carillon/runtime';
import { startRedis } from '@carillon/testkit';
import { describe, expect, inject, test } from 'vitest';
import { RedisInbox } from '../inbox/redis-inbox.ts';
import { allPartitions, Node } from './node.fixture.ts';

/** A shard with connections of its own. */
async function startNode(shardId: string, url: string, keyPrefix: string) {
  const openInbox = (token: ShardToken) =>
    new RedisInbox({ token, url, keyPrefix, clock: systemClock, random: Math.random, logger: silentLogger });
  const presence = new RedisPresence({ url, keyPrefix, logger: silentLogger });
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

describe('registrations on Redis', () => {
  test('[R7] a storm of users is acknowledged by the owner, who then knows them all', async () => {
    await using shards = await pair(inject('redisUrl'));
    const { owner, other } = shards;
    const userIds = Array.from({ length: 2_000 }, (_, i) => `user-${i}`);
    const outcomes = await Promise.all(userIds.map((userId) => other.node.registrar.register(userId)));
    expect(outcomes.filter(({ degraded }) => degraded)).toEqual([]);
    expect(userIds.filter((userId) => owner.node.holders(userId)[0] !== other.node.token)).toEqual([]);
    for (const userId of userIds) other.node.registrar.unregister(userId);
    await expect.poll(() => userIds.filter((userId) => owner.node.holders(userId).length > 0).length, { timeout: 10_000 }).toBe(0);
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
      .poll(
        () =>
          owner.node.claim(allPartitions).then(
            () => true,
            () => false,
          ),
        { timeout: 10_000 },
      )
      .toBe(true);
    await expect
      .poll(
        () =>
          other.node.claim([]).then(
            () => true,
            () => false,
          ),
        { timeout: 10_000 },
      )
      .toBe(true);
    other.node.registrar.registerAll();
    for (const userId of ['ann', 'bob']) {
      await expect.poll(() => owner.node.holders(userId), { timeout: 15_000 }).toEqual([other.node.token]);
      await expect.poll(() => other.node.registrar.register(userId), { timeout: 5_000 }).toEqual({ degraded: false });
    }
  });
});
