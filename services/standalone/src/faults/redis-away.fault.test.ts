import type { FaultRun } from '@carillon/testkit';
import { expect, inject, test } from 'vitest';
import { startFaultRun } from './fault-run.fixture.ts';

const seconds = 12;
const perSecond = 30;

const start = () => startFaultRun(inject, { apis: 1, shards: 2, own: ['redis'], perSecond });

test('[R10] fault 19: Redis forgets everything: all register again, nobody misses anything', async () => {
  await using run = await start();
  await run.cluster.flushRedis();
  await run.answers(seconds * perSecond);
  await run.settle();
  expect(run.cluster.deaths).toEqual([]);
});

test('[R5] [L6] fault 20: Redis dies and comes back empty: sends, deliveries and new connections go on', async () => {
  await using run = await start();
  await run.cluster.redis.process.signal('SIGKILL');
  const sinceMs = performance.now();
  await run.answers(seconds * perSecond);
  await run.connect('user-1');
  await run.pushes(50);
  expect(refusedSince(run, sinceMs)).toEqual([]);
  await run.cluster.redis.process.start();
  await run.answers(90);
  await run.settle();
  expect(run.cluster.deaths).toEqual([]);
});

test('[R5] [L6] fault 21: Redis stalls: no send and no delivery waits for it', async () => {
  await using run = await start();
  await run.cluster.redis.process.signal('SIGSTOP');
  const sinceMs = performance.now();
  await run.answers(seconds * perSecond);
  await run.pushes(50);
  expect(refusedSince(run, sinceMs)).toEqual([]);
  await run.cluster.redis.process.signal('SIGCONT');
  await run.answers(90);
  await run.settle();
  expect(run.cluster.deaths).toEqual([]);
});

test('[R5] [R10] fault 29: the shards alone are cut off from Redis, for longer than a lease: new connections go on', async () => {
  await using run = await start();
  await run.cluster.edges.shardRedis.blackhole();
  await run.answers(20 * perSecond);
  const late = await run.connect('user-1');
  await run.until(() => late.record.pushes.length >= 5, 'pushes to a new connection');
  await run.settle();
  expect(run.cluster.deaths).toEqual([]);
});

/** Sends that were not stored at the first try. */
function refusedSince(run: FaultRun, sinceMs: number) {
  return run.writer.writes.filter(
    ({ outcome, attempts }) => attempts.length > 1 && outcome !== 'open' && (attempts[0]?.atMs ?? 0) > sinceMs,
  );
}
