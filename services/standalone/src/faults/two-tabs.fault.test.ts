import { expect, inject, test } from 'vitest';
import { startFaultRun } from './fault-run.fixture.ts';

test('[R2] [R4] [R14] fault 36: users with tabs on both shards, one of which is cut again and again: each tab gets everything', async () => {
  await using run = await startFaultRun(inject, { apis: 1, shards: 2, users: 4, chats: 2 });
  const tabs = await Promise.all(['user-0', 'user-1', 'user-2', 'user-3'].map((user) => run.connect(user)));
  for (let round = 0; round < 6; round += 1) {
    await Promise.all(tabs.map((tab) => tab.cut()));
    await run.answers(30);
  }
  await run.settle({ allPushed: true });
  expect(run.cluster.deaths).toEqual([]);
});
