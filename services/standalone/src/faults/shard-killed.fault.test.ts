import type { FaultRun, Reader } from '@carillon/testkit';
import { expect, inject, test } from 'vitest';
import { startFaultRun } from './fault-run.fixture.ts';

/** Those of the dead shard's partitions who are connected to the other one are pushed everything: its successor goes on where it had committed. */
const start = (failpoint?: string) =>
  startFaultRun(inject, {
    ...{ apis: 1, shards: 2, hasProxies: false, hasForeignTabs: true },
    ...(failpoint === undefined ? {} : { failpoints: { 'shard-0': failpoint } }),
  });

test('[R2] [M4] fault 6: a shard dies between two sends to its sockets: its clients come back elsewhere and miss nothing', async () => {
  await using run = await start('shard.after_ws_send=kill@300');
  await run.until(() => run.cluster.deaths.length > 0, 'death of the shard');
  expect(run.cluster.deaths).toEqual(['shard-0: signal SIGKILL']);
  await run.until(() => run.readers.every(({ shardId }) => shardId === 'shard-1'), 'clients that come back elsewhere', 10_000);
  await run.pushesToEach();
  await run.answers(150);
  await settleOnOther(run);
});

test('[D9] fault 8: a shard dies before it commits: what it had delivered comes again, and is dropped as known', async () => {
  await using run = await start('shard.before_commit_offset=kill@12');
  await run.until(() => run.cluster.deaths.length > 0, 'death of the shard');
  expect(run.cluster.deaths).toEqual(['shard-0: signal SIGKILL']);
  const before = duplicates(untouched(run));
  await run.until(() => duplicates(untouched(run)) > before, 'event that comes again');
  await run.answers(150);
  await settleOnOther(run);
});

test('[L3] [L5] fault 49: a shard is killed and started again at once: its predecessor leaves, and nobody waits for a dead member', async () => {
  await using run = await start();
  await run.cluster.kill('shard-1');
  const killedAtMs = performance.now();
  await run.cluster.restart('shard-1');
  await run.until(async () => (await ownedBoth(run)).every((owned) => owned > 0), 'partitions at both shards');
  // A dead member's session would hold the group up for 15 s.
  expect(performance.now() - killedAtMs).toBeLessThan(12_000);
  await run.pushesToEach();
  await settleOnOther(run);
});

/** Their connection was never that of the dead shard. */
function untouched(run: FaultRun): Reader[] {
  return run.readers.filter(({ record }) => record.closes.length === 0);
}

async function settleOnOther(run: FaultRun): Promise<void> {
  await run.settle({ allPushed: untouched(run) });
  expect(untouched(run).length).toBeGreaterThan(0);
  expect(untouched(run).length).toBeLessThan(run.readers.length);
}

function duplicates(readers: readonly Reader[]): number {
  return readers.reduce((sum, { record }) => sum + record.duplicates, 0);
}

function ownedBoth(run: FaultRun): Promise<number[]> {
  return Promise.all(['shard-0', 'shard-1'].map((role) => run.cluster.metric(role, 'carillon_partitions_owned')));
}
