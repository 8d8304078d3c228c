import { expect, inject, test } from 'vitest';
import { startFaultRun } from './fault-run.fixture.ts';

const rounds = 6;

test('[R2] [R4] [R14] fault 36: users with tabs on both shards, one of which is cut again and again: each tab gets everything', async () => {
  await using run = await startFaultRun(inject, { apis: 1, shards: 2, users: 4, chats: 2, hasProxies: false, hasForeignTabs: true });
  const steady = [...run.readers];
  const cut = await Promise.all(['user-0', 'user-1', 'user-2', 'user-3'].map((user) => run.connectForeign(user)));
  for (let round = 0; round < rounds; round += 1) {
    await Promise.all(cut.map((tab) => tab.cut()));
    await run.answers(30);
  }
  await run.until(() => cut.every(({ isConnected }) => isConnected), 'tabs that come back');
  await run.pushesToEach();
  await run.settle({ allPushed: true });
  expect(steady.flatMap(({ record }) => record.closes)).toEqual([]);
  expect(cut.map(({ record }) => record.closes.length)).toEqual(cut.map(() => rounds));
  expect(run.cluster.deaths).toEqual([]);
});
