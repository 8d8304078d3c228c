import { expect, inject, test } from 'vitest';
import { startFaultRun } from './fault-run.fixture.ts';

const perSecond = 30;
const partitions = 64;
const sessionSeconds = 15;

test.each([5, 20])(
  '[D6] [D9] [R3] [R15] [L3] fault 7: a shard is frozen for %s s and wakes up: nothing is lost, nothing is committed that others took over',
  async (seconds) => {
    await using run = await startFaultRun(inject, { apis: 1, shards: 2, perSecond, hasProxies: false, hasForeignTabs: true });
    const others = run.readers.filter(({ shardId }) => shardId === 'shard-0');
    run.cluster.freeze('shard-1');
    await run.answers(seconds * perSecond);
    // Who takes the partitions over goes on where they had been committed.
    if (seconds > sessionSeconds) await run.pushesOfAllSoFar(others);
    run.cluster.thaw('shard-1');
    const owned = () => Promise.all(run.cluster.shards.map(({ role }) => run.cluster.metric(role, 'carillon_partitions_owned')));
    const areShared = (counts: readonly number[]) => counts.every((count) => count > 0) && counts.reduce((a, b) => a + b) === partitions;
    await run.until(async () => areShared(await owned()), 'shards that share the partitions', 25_000);
    await run.pushesToEach();
    await run.answers(60);
    // The woken shard's connections to Redis may be dead: what it cannot forward it tells.
    await run.settle();
    expect(others.flatMap(({ record }) => record.closes)).toEqual([]);
    expect(run.cluster.deaths).toEqual([]);
  },
);
