import { expect, inject, test } from 'vitest';
import { startFaultRun } from './fault-run.fixture.ts';

test('[D3] [D4] [M3] fault 3: the relay dies between its send and its delete: its successor sends again, and clients drop what they know', async () => {
  await using run = await startFaultRun(inject, {
    // So many chats that each relay has some of them in its buckets: of five, all are the other's in one run of 32.
    ...{ apis: 2, shards: 2, chats: 24, hasProxies: false },
    failpoints: { 'api-0': 'relay.after_send=kill@25' },
  });
  await run.until(() => run.cluster.deaths.length > 0, 'death of the relay');
  const duplicates = () => run.readers.reduce((sum, { record }) => sum + record.duplicates, 0);
  const before = duplicates();
  // Nobody starts it again: the other API's relay takes its buckets over.
  await run.until(() => duplicates() > before, 'event that was sent again', 20_000);
  await run.answers(60);
  await run.settle({ allPushed: true });
  expect(run.cluster.deaths).toEqual(['api-0: signal SIGKILL']);
});
