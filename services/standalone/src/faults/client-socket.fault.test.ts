import { type FaultRun, SocketClient } from '@carillon/testkit';
import { expect, inject, test } from 'vitest';
import { startFaultRun } from './fault-run.fixture.ts';

const rounds = 3;

test('[P5] [M5] fault 31: connections are open, and nothing passes either way: both ends notice by silence, clients come back', {
  timeout: 240_000,
}, async () => {
  await using run = await startFaultRun(inject, { apis: 1, shards: 2 });
  const edges = run.cluster.edges.clientShard;
  // A client that is gone without a word: the proxy would pass on the end that a living one puts to its connection.
  await using _gone = await SocketClient.open(await run.api.ticket('user-0'));
  await Promise.all(edges.map((edge) => edge.blackhole()));
  await run.until(() => run.readers.every(({ record }) => record.closes.length > 0), 'clients that notice', 30_000);
  await run.until(async () => (await connections(run)) === 1, 'shards with that client only', 20_000);
  await run.until(async () => (await connections(run)) === 0, 'shard that notices', 90_000);
  await Promise.all(edges.map((edge) => edge.heal()));
  await run.until(() => run.readers.every(({ isConnected }) => isConnected), 'new connection of every client', 30_000);
  await run.settle({ deadlineMs: 120_000 });
  expect(await connections(run)).toBe(run.readers.length);
  expect(run.cluster.deaths).toEqual([]);
});

test('[P5] [M5] fault 32: sockets are reset under the app three times: both ends notice, clients come back and miss nothing', async () => {
  await using run = await startFaultRun(inject, { apis: 1, shards: 2 });
  const edges = run.cluster.edges.clientShard;
  for (let round = 1; round <= rounds; round += 1) {
    await Promise.all(edges.map((edge) => edge.reset()));
    await run.until(() => run.readers.every(({ record }) => record.closes.length >= round), 'end of every connection', 20_000);
    await run.until(async () => (await connections(run)) === 0, 'shards without connections', 20_000);
    await Promise.all(edges.map((edge) => edge.heal()));
    await run.until(() => run.readers.every(({ isConnected }) => isConnected), 'new connection of every client', 20_000);
    await run.answers(30);
  }
  await run.settle();
  expect(await connections(run)).toBe(run.readers.length);
  expect(new Set(run.readers.flatMap(({ record }) => record.closes.map(({ code }) => code)))).toEqual(new Set([1006]));
  expect(run.cluster.deaths).toEqual([]);
});

/** Of all shards, as they count them. */
async function connections(run: FaultRun): Promise<number> {
  const counts = await Promise.all(run.cluster.shards.map(({ role }) => run.cluster.metric(role, 'carillon_ws_connections')));
  return counts.reduce((sum, count) => sum + count, 0);
}
