import { expect, inject, test } from 'vitest';
import { startFaultRun } from './fault-run.fixture.ts';

test('[L1] [L2] fault 39: one shard after the other is drained and started again under load: no 1006, all is pushed or told, exit code 0', async () => {
  await using run = await startFaultRun(inject, { apis: 1, shards: 3 });
  for (const role of ['shard-0', 'shard-1', 'shard-2']) {
    expect(await run.cluster.terminate(role)).toBe('exit code 0');
    await run.cluster.restart(role);
    await run.answers(60);
  }
  // Who is told `degraded`, which takes a busy machine, needs a delta; nobody else, whatever shards they were sent to.
  await run.settle();
  const records = run.readers.map(({ record }) => record);
  // Everybody had left for another shard before theirs ended.
  expect(new Set(records.flatMap(({ closes }) => closes.map(({ code }) => code)))).toEqual(new Set([1000]));
  expect(records.some(({ readyAtMs, isTold }) => readyAtMs.length > 1 && !isTold)).toBe(true);
});
