import type { FaultRun } from '@carillon/testkit';
import { expect, inject, test } from 'vitest';
import { startFaultRun } from './fault-run.fixture.ts';

/** 16 KB: the buffers of the kernel are full within seconds. */
const text = '🔔'.repeat(4_000);

test('[D5] [D6] [D7] [D8] fault 33: one client hangs and comes back, another never does: watermark, then the end; others notice nothing', {
  timeout: 180_000,
}, async () => {
  await using run = await startFaultRun(inject, { apis: 1, shards: 1, chats: 1, users: 5, textOf: () => text, hasProxies: false });
  const others = [...run.readers];
  const [brief, long] = [await run.connect('user-0'), await run.connect('user-1')];
  brief.pause();
  await run.until(async () => (await slowConsumers(run, 'watermark')) > 0, 'backlog that collapses');
  brief.resume();
  await run.until(() => brief.record.watermarks > 0, 'watermark', 20_000);
  long.pause();
  await run.until(async () => (await slowConsumers(run, 'close')) > 0, 'end of the slow consumer', 90_000);
  long.resume();
  await run.until(() => long.record.closes.length > 0 && long.isConnected, 'client that noticed and came back', 20_000);
  await run.settle({ allPushed: true });
  expect([4002, 1006]).toContain(long.record.closes[0]?.code);
  expect(brief.record.closes).toEqual([]);
  for (const { record } of others) expect([record.closes, record.watermarks, record.resyncs]).toEqual([[], 0, []]);
  expect(run.cluster.deaths).toEqual([]);
});

function slowConsumers(run: FaultRun, action: 'watermark' | 'resync' | 'close'): Promise<number> {
  return run.cluster.metric('shard-0', `carillon_slow_consumers_total{shard="shard-0",action="${action}"}`);
}
