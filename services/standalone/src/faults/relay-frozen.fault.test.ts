import { expect, inject, test } from 'vitest';
import { startFaultRun } from './fault-run.fixture.ts';

const backlog = 40;

test('[D12] [M3] fault 5: a frozen relay loses its buckets within 10 s, and as a zombie it harms nothing', async () => {
  await using run = await startFaultRun(inject, { apis: 2, shards: 2, chats: 24 });
  run.cluster.freeze('api-0');
  await run.until(async () => (await run.outboxRows()) > backlog, 'backlog in the buckets of the frozen relay', 10_000);
  await run.until(async () => (await run.outboxRows()) < backlog / 2, 'drained outbox', 10_000);
  await run.answers(300);
  run.cluster.thaw('api-0');
  await run.answers(150);
  await run.settle({ allPushed: true });
  expect(run.cluster.deaths).toEqual([]);
});
