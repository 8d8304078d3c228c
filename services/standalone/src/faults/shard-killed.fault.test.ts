import { expect, inject, test } from 'vitest';
import { startFaultRun } from './fault-run.fixture.ts';

test('[R2] [M4] fault 6: a shard dies between two sends to its sockets: its clients come back elsewhere and miss nothing', async () => {
  await using run = await startFaultRun(inject, { apis: 1, shards: 2, failpoints: { 'shard-0': 'shard.after_ws_send=kill@200' } });
  await run.until(() => run.cluster.deaths.length > 0, 'death of the shard');
  expect(run.cluster.deaths).toEqual(['shard-0: signal SIGKILL']);
  await run.answers(150);
  await run.settle();
});

test('[D9] fault 8: a shard dies before it commits: what it had delivered comes again, and is dropped as known', async () => {
  await using run = await startFaultRun(inject, { apis: 1, shards: 2, failpoints: { 'shard-0': 'shard.before_commit_offset=kill@12' } });
  await run.until(() => run.cluster.deaths.length > 0, 'death of the shard');
  expect(run.cluster.deaths).toEqual(['shard-0: signal SIGKILL']);
  await run.answers(150);
  await run.settle();
});

test('[L3] [L5] fault 49: a shard is killed and started again at once: its predecessor leaves, and nobody waits for a dead member', async () => {
  await using run = await startFaultRun(inject, { apis: 1, shards: 2 });
  await run.cluster.kill('shard-1');
  await run.cluster.restart('shard-1');
  // Well below the 15 s that a dead member's session would hold the group up.
  await run.until(async () => (await ownedBoth(run)).every((owned) => owned > 0), 'partitions at both shards', 10_000);
  await run.pushes(100, 10_000);
  await run.settle();
});

type Run = Awaited<ReturnType<typeof startFaultRun>>;

function ownedBoth(run: Run): Promise<number[]> {
  return Promise.all(['shard-0', 'shard-1'].map((role) => run.cluster.metric(role, 'carillon_partitions_owned')));
}
