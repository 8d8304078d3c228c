import { expect, inject, test } from 'vitest';
import { startFaultRun } from './fault-run.fixture.ts';

test('[D3] [D4] [M3] fault 13: what Kafka answers to the relay is lost for 12 s: duplicates, no loss, no reordering in a chat', async () => {
  await using run = await startFaultRun(inject, { apis: 1, shards: 2, own: ['kafka'] });
  const { relayKafka } = run.cluster.edges;
  await relayKafka?.loseAnswers();
  const duplicates = () => run.readers.reduce((sum, { record }) => sum + record.duplicates, 0);
  const before = duplicates();
  // The load is 30 messages a second: they were all answered while nothing was acknowledged.
  await run.answers(12 * 30);
  expect(await run.outboxRows()).toBeGreaterThan(12 * 20);
  await relayKafka?.heal();
  await run.until(async () => (await run.outboxRows()) < 50, 'drained outbox', 30_000);
  await run.settle({ allPushed: true });
  expect(duplicates()).toBeGreaterThan(before);
  expect(run.cluster.deaths).toEqual([]);
});
