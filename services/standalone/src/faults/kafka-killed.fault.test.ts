import type { FaultRun } from '@carillon/testkit';
import { expect, inject, test } from 'vitest';
import { startFaultRun } from './fault-run.fixture.ts';

test('[D2] [D3] [L3] fault 11: the broker is killed and comes back with its log: sends go on, the outbox grows and drains', async () => {
  await using run = await startFaultRun(inject, { apis: 2, shards: 2, own: ['kafka'] });
  await run.cluster.kafka.process.signal('SIGKILL');
  const killedAtMs = performance.now();
  await run.answers(300);
  expect(await run.outboxRows()).toBeGreaterThan(200);
  await run.cluster.kafka.process.start();
  await run.until(async () => (await run.outboxRows()) < 50, 'drained outbox', 40_000);
  await run.settle({ allPushed: true });
  expect(notAtFirst(run, killedAtMs)).toEqual([]);
  expect(run.cluster.deaths).toEqual([]);
});

test('[D2] [D3] [M3] fault 12: the broker is frozen for 15 s: timeouts and resends, no loss', async () => {
  await using run = await startFaultRun(inject, { apis: 2, shards: 2, own: ['kafka'] });
  await run.cluster.kafka.process.signal('SIGSTOP');
  const frozenAtMs = performance.now();
  await run.answers(15 * 30);
  await run.cluster.kafka.process.signal('SIGCONT');
  await run.until(async () => (await run.outboxRows()) < 50, 'drained outbox', 40_000);
  await run.settle({ allPushed: true });
  expect(notAtFirst(run, frozenAtMs)).toEqual([]);
  expect(run.cluster.deaths).toEqual([]);
});

/** Sends that needed more than one try. */
function notAtFirst(run: FaultRun, sinceMs: number) {
  return run.writer.writes.filter(({ attempts }) => attempts.length !== 1 && (attempts[0]?.atMs ?? 0) > sinceMs);
}
