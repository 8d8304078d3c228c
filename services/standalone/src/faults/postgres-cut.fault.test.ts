import { expect, inject, test } from 'vitest';
import { startFaultRun } from './fault-run.fixture.ts';

test('[H1] [D2] [M1] fault 24: connections to Postgres are reset mid-transaction, then its answers to commits are lost: a retry finds the one row', async () => {
  await using run = await startFaultRun(inject, { apis: 2, shards: 2 });
  const { apiPostgres } = run.cluster.edges;
  for (let round = 0; round < 5; round += 1) {
    await apiPostgres.reset();
    await run.until(() => run.writer.writes.some((write) => write.outcome === 'open' && write.attempts.length > 0), 'send in doubt');
    await apiPostgres.heal();
    await run.answers(30);
  }
  await apiPostgres.loseAnswers();
  const before = performance.now();
  const doubted = () =>
    run.writer.writes.filter((write) => write.attempts.some(({ status, endedAtMs }) => status !== 201 && endedAtMs > before));
  await run.until(() => doubted().length > 10, 'sends in doubt', 20_000);
  await apiPostgres.heal();
  await run.answers(30);
  await run.settle({ allPushed: true });
  // Stored, although its answer never came: the retry is told so.
  expect(doubted().filter((write) => write.attempts.at(-1)?.status === 200).length).toBeGreaterThan(0);
  expect(run.cluster.deaths).toEqual([]);
});
