import { expect, inject, test } from 'vitest';
import { startFaultRun } from './fault-run.fixture.ts';

test('[H1] [D1] [D2] fault 1: the API dies after a commit, before its answer; the retry is answered the same message', async () => {
  await using run = await startFaultRun(inject, {
    ...{ apis: 2, shards: 2, hasProxies: false },
    failpoints: { 'api-0': 'api.after_commit=kill@40' },
  });
  await run.until(() => run.cluster.deaths.length > 0, 'death of the API');
  expect(run.cluster.deaths).toEqual(['api-0: signal SIGKILL']);
  await run.answers(60);
  const { writes } = await run.settle({ allPushed: true });
  const retried = writes.filter((write) => write.attempts.some(({ status }) => status === 'no answer'));
  // The commit was made, so the second try is a 200, never another 201.
  expect(retried.filter((write) => write.attempts.at(-1)?.status === 200).length).toBeGreaterThan(0);
});
