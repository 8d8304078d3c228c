import type { FaultRun, Reader } from '@carillon/testkit';
import { expect, inject, test } from 'vitest';
import { startFaultRun } from './fault-run.fixture.ts';

const userId = 'user-0';
const firstUsers = 10;
/** 20 s at the load's pace: longer than a lease. */
const outage = 20 * 30;

const start = () => startFaultRun(inject, { apis: 1, shards: 2, own: ['redis'], users: firstUsers, perSecond: 30 });

test('[R2] [R8] fault 19: Redis forgets everything: shards register themselves and their users anew, no connection ends', async () => {
  await using run = await start();
  const foreign = await run.connectForeign(userId);
  const before = await places(run);
  await run.cluster.flushRedis();
  const isBack = async () => {
    const now = new Set(await places(run));
    return before.every((key) => now.has(key));
  };
  await run.until(isBack, 'registration of everybody', 30_000);
  await isServedAgain(run, foreign);
  await settleUntouched(run);
});

test('[D2] [R5] [R7] [R10] [L6] fault 20: Redis dies and comes back empty: sends, deliveries and new connections go on', async () => {
  await using run = await start();
  const foreign = await run.connectForeign(userId);
  await run.cluster.redis.process.signal('SIGKILL');
  await liveWithoutRedis(run, foreign);
  await run.cluster.redis.process.start();
  await isServedAgain(run, foreign);
  await settleUntouched(run);
});

test('[D2] [R5] [R7] [R10] [L6] fault 21: Redis stalls: no send, no delivery and no new connection waits for it', async () => {
  await using run = await start();
  const foreign = await run.connectForeign(userId);
  await run.cluster.redis.process.signal('SIGSTOP');
  await liveWithoutRedis(run, foreign);
  await run.cluster.redis.process.signal('SIGCONT');
  await isServedAgain(run, foreign);
  await settleUntouched(run);
});

test('[R5] [R10] fault 29: the shards alone are cut off from Redis, for longer than a lease: new connections go on', async () => {
  await using run = await start();
  const foreign = await run.connectForeign(userId);
  await run.cluster.edges.shardRedis.blackhole();
  await liveWithoutRedis(run, foreign);
  await run.cluster.edges.shardRedis.heal();
  await isServedAgain(run, foreign);
  await settleUntouched(run);
});

/** Sends need one try, a new client is served at once, connections of the owner are pushed to, and the foreign one is told. */
async function liveWithoutRedis(run: FaultRun, foreign: Reader): Promise<void> {
  const sinceMs = performance.now();
  await run.answers(outage);
  const connectedAtMs = performance.now();
  const late = await run.connect(userId);
  expect(performance.now() - connectedAtMs).toBeLessThan(5_000);
  await run.until(() => late.record.pushes.length >= 5, 'pushes to a new connection', 20_000);
  await run.pushesToEach(run.readers.slice(0, firstUsers), 5_000);
  expect(foreign.record.resyncs).toContain('degraded');
  const sent = run.writer.writes.filter(({ attempts, outcome }) => outcome !== 'open' && (attempts[0]?.atMs ?? 0) > sinceMs);
  const atFirst = sent.filter(({ attempts: [first] }) => first?.status === 201 && first.endedAtMs - first.atMs < 3_000);
  expect(atFirst.length / sent.length).toBeGreaterThanOrEqual(0.99);
}

/** A connection that is served by Redis is pushed to again, and knows it. */
async function isServedAgain(run: FaultRun, foreign: Reader): Promise<void> {
  const goal = foreign.record.pushes.length + 10;
  await run.until(() => foreign.record.pushes.length >= goal, 'pushes to the foreign connection', 30_000);
  await run.until(() => foreign.record.resyncs.at(-1) !== 'degraded', 'end of being degraded', 30_000);
}

async function settleUntouched(run: FaultRun): Promise<void> {
  await run.settle({ allPushed: true });
  expect(run.readers.flatMap(({ record }) => record.closes)).toEqual([]);
  expect(run.cluster.deaths).toEqual([]);
}

/** Keys of shards and users; the streams of forwarded events begin with the first of them. */
async function places(run: FaultRun): Promise<string[]> {
  const keys = (await run.cluster.redisCommand('KEYS', '*')) as string[];
  const types = await Promise.all(keys.map((key) => run.cluster.redisCommand('TYPE', key)));
  return keys.filter((_, index) => types[index] !== 'stream');
}
