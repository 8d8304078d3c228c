import { expect, inject, test } from 'vitest';
import { startFaultRun } from './fault-run.fixture.ts';

const perSecond = 30;

test.each([5, 20])(
  '[D9] [R3] [L3] fault 7: a shard is frozen for %s s and wakes up: nothing is lost, nothing is committed that others took over',
  async (seconds) => {
    await using run = await startFaultRun(inject, { apis: 1, shards: 2, perSecond });
    run.cluster.freeze('shard-1');
    await run.answers(seconds * perSecond);
    run.cluster.thaw('shard-1');
    await run.pushes(100);
    await run.settle();
    expect(run.cluster.deaths.filter((death) => !death.startsWith('shard-1'))).toEqual([]);
  },
);
