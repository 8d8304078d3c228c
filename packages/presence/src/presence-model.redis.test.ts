import { randomUUID } from 'node:crypto';
import { silentLogger, systemClock } from '@carillon/runtime';
import fc from 'fast-check';
import { Redis } from 'ioredis';
import { expect, inject, test } from 'vitest';
import { InProcessPresence } from './in-process-presence.ts';
import { leaseMs, type Presence, shardToken } from './presence.ts';
import { RedisPresence } from './redis-presence.ts';

/** Both implementations see the same operations; whatever can be asked of them must be the same after each. */
type Registries = { readonly redis: Presence; readonly model: Presence; pass(ms: number): Promise<void>; flush(): Promise<void> };
type Operation = (registries: Registries) => Promise<void>;

const shardId = fc.constantFrom('s1', 's2');
const epoch = fc.integer({ min: 1, max: 3 });
const userIds = fc.uniqueArray(fc.constantFrom('ann', 'bob', 'eve'), { minLength: 1 });
const partition = fc.constantFrom(1, 2);
const token = fc.tuple(shardId, epoch).map(([id, life]) => shardToken(id, life));

const renew = fc.tuple(shardId, epoch, fc.constantFrom<'active' | 'draining'>('active', 'draining')).map(([id, life, state]): Operation => {
  const lease = { shardId: id, epoch: life, url: 'ws://x', state, connections: life, partitions: [life], memberId: undefined };
  return async ({ redis, model }) => expect(await redis.renewLease(lease)).toBe(await model.renewLease(lease));
});
const release = fc.tuple(shardId, epoch).map(([id, life]): Operation => {
  return async ({ redis, model }) => void (await Promise.all([redis.releaseLease(id, life), model.releaseLease(id, life)]));
});
const register = fc.tuple(partition, userIds, token).map((args): Operation => {
  return async ({ redis, model }) => void (await Promise.all([redis.register(...args), model.register(...args)]));
});
const unregister = fc.tuple(partition, userIds, token).map((args): Operation => {
  return async ({ redis, model }) => void (await Promise.all([redis.unregister(...args), model.unregister(...args)]));
});
const pass = fc.constantFrom(leaseMs / 2, leaseMs + 1_000).map(
  (ms): Operation =>
    ({ pass: passMs }) =>
      passMs(ms),
);
const flush = fc.constant<Operation>(({ flush: flushAll }) => flushAll());
const load = fc.constant<Operation>(async ({ redis, model }) => expect(await stateOf(redis)).toEqual(await stateOf(model)));

const operations = fc.array(
  fc.oneof(
    { arbitrary: renew, weight: 5 },
    { arbitrary: register, weight: 6 },
    { arbitrary: unregister, weight: 4 },
    { arbitrary: load, weight: 2 },
    { arbitrary: release, weight: 1 },
    { arbitrary: pass, weight: 1 },
    { arbitrary: flush, weight: 1 },
  ),
  { maxLength: 40 },
);

async function stateOf(presence: Presence) {
  const leases = (await presence.readLeases()).map(({ ageMs, ...lease }) => lease).sort((a, b) => a.shardId.localeCompare(b.shardId));
  const partitions = [await presence.loadPartition(1), await presence.loadPartition(2)];
  const users = partitions.map((held) => [...held].map(([userId, tokens]) => [userId, ...[...tokens].sort()].join(' ')).sort());
  return { leases, users, predecessors: [await presence.readPredecessor('s1'), await presence.readPredecessor('s2')] };
}

test('[R3] [R4] Redis and the in-process registry agree after any operations', async () => {
  const url = inject('redisUrl');
  const raw = new Redis(url);
  const seed = 77_003;
  const property = fc.asyncProperty(operations, async (run) => {
    const keyPrefix = `test-${randomUUID()}:`;
    let passedMs = 0;
    const model = new InProcessPresence({ ...systemClock, nowMs: () => Date.now() + passedMs });
    await using redis = new RedisPresence({ url, keyPrefix, logger: silentLogger });
    await expect.poll(() => redis.isConnected()).toBe(true);
    const forget = async () => {
      const keys = await raw.keys(`${keyPrefix}*`);
      if (keys.length > 0) await raw.del(keys);
    };
    const registries: Registries = {
      redis,
      model,
      pass: async (ms) => {
        passedMs += ms;
        for (const member of await raw.zrange(`${keyPrefix}shards`, '0', '-1')) await raw.zincrby(`${keyPrefix}shards`, `${-ms}`, member);
      },
      flush: async () => {
        model.clear();
        await forget();
      },
    };
    for (const operation of run) await operation(registries);
    expect(await stateOf(redis)).toEqual(await stateOf(model));
    await forget();
  });
  try {
    await fc.assert(property, { numRuns: 100, seed });
  } finally {
    raw.disconnect();
  }
});
