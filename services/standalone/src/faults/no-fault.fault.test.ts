import { expect, inject, test } from 'vitest';
import { startFaultRun } from './fault-run.fixture.ts';

test('[M3] [M4] no fault: nobody fetches a hole, syncs, is told to, or comes back', async () => {
  // Heads are not checked meanwhile: one that is ahead of its push says nothing about pushes.
  await using run = await startFaultRun(inject, { apis: 2, shards: 2, hasProxies: false, headsEveryMs: 600_000 });
  await run.answers(300);
  await run.settle({ allPushed: true });
  const seen = run.readers.map(({ record: { gapFetches, syncs, watermarks, resyncs, closes } }) => ({
    ...{ gapFetches, syncs, watermarks, resyncs, closes },
  }));
  expect(seen).toEqual(run.readers.map(() => ({ gapFetches: 0, syncs: 0, watermarks: 0, resyncs: [], closes: [] })));
  expect(run.cluster.deaths).toEqual([]);
});
