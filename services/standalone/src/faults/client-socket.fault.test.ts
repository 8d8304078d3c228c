import { SocketClient } from '@carillon/testkit';
import { expect, inject, test } from 'vitest';
import { startFaultRun } from './fault-run.fixture.ts';

const perSecond = 30;

test('[C2] fault 32: sockets are reset under the clients: both ends notice, the clients come back and miss nothing', async () => {
  await using run = await startFaultRun(inject, { apis: 1, shards: 2 });
  for (let round = 0; round < 3; round += 1) {
    const before = ready(run);
    for (const edge of run.cluster.edges.clientShard) await edge.reset();
    await run.answers(30);
    for (const edge of run.cluster.edges.clientShard) await edge.heal();
    await run.until(() => ready(run) > before, 'clients that come back');
  }
  await run.settle();
});

test('[D8] fault 31: nothing passes between clients and one shard, and nobody is told: others go on, those come back', async () => {
  await using run = await startFaultRun(inject, { apis: 1, shards: 2 });
  await run.cluster.edges.clientShard[0]?.blackhole();
  await run.answers(20 * perSecond);
  await run.settle({ deadlineMs: 120_000 });
  expect(run.cluster.deaths).toEqual([]);
});

test('[D5] [D6] [D7] [D8] fault 33: a reader that stopped is told by watermark and then cut off; nobody else notices', async () => {
  const textOf = (n: number) => `${n} ${'x'.repeat(3_900)}`;
  await using run = await startFaultRun(inject, { apis: 1, shards: 1, chats: 1, users: 5, perSecond: 100, textOf });
  await using slow = await SocketClient.open(await run.api.ticket('user-0'));
  slow.pause();
  const count = (action: string) => run.cluster.metric('shard-0', `carillon_slow_consumers_total{shard="shard-0",action="${action}"}`);
  await run.until(async () => (await count('watermark')) > 0, 'watermark', 90_000);
  await run.until(async () => (await count('close')) > 0, 'end of the slow consumer', 60_000);
  await run.settle({ allPushed: true });
  const closes = run.readers.flatMap(({ record }) => record.closes);
  expect(closes).toEqual([]);
});

type Run = Awaited<ReturnType<typeof startFaultRun>>;

/** Connections of all readers that became ready so far. */
function ready(run: Run): number {
  return run.readers.reduce((sum, { record }) => sum + record.readyAtMs.length, 0);
}
