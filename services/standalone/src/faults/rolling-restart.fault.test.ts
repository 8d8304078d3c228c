import { expect, inject, test } from 'vitest';
import { startFaultRun } from './fault-run.fixture.ts';

test('[L1] [L2] fault 39: one shard after the other is drained and started again under load: no 1006, all is pushed, exit code 0', async () => {
  await using run = await startFaultRun(inject, { apis: 1, shards: 3 });
  for (const role of ['shard-0', 'shard-1', 'shard-2']) {
    expect(await run.cluster.terminate(role)).toBe('exit code 0');
    await run.cluster.restart(role);
    await run.answers(60);
  }
  // Nothing needed a delta. Fetches are no measure: a heads check during a rebalance is ahead of the pushes by its pause.
  await run.settle({ allPushed: true });
  const records = run.readers.map(({ record }) => record);
  expect(records.flatMap(({ closes }) => closes.map(({ code }) => code)).filter((code) => code === 1006)).toEqual([]);
  expect(records.some(({ readyAtMs }) => readyAtMs.length > 1)).toBe(true);
});
