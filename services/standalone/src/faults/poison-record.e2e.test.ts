import { partitionOf } from '@carillon/protocol';
import { appendGarbage } from '@carillon/testkit';
import { expect, inject, test } from 'vitest';
import { startFaultRun } from './fault-run.fixture.ts';

const garbage = [
  { value: 'not a record' },
  { value: '\u0000\u0001{', headers: { recipients: 'nobody', chat_id: '', seq: 'x', event: '' } },
  { value: null, headers: { recipients: '["user-0"]', chat_id: 'c', seq: '1', event: 'message.created' } },
  { value: '{}', headers: { recipients: '[]', chat_id: 'c', seq: '-1', event: 'message.created' } },
];

test('[D6] [D9] [L3] fault 10: records that cannot be read are counted and told by a resync; their partition goes on', async () => {
  await using run = await startFaultRun(inject, { apis: 1, shards: 2, hasProxies: false });
  const { kafkaTopic, services } = run.cluster;
  const partition = partitionOf('user-0', 64);
  const [told, others] = [
    (userId: string) => partitionOf(userId, 64) === partition,
    (userId: string) => partitionOf(userId, 64) !== partition,
  ];
  await appendGarbage(services.kafkaBrokers, kafkaTopic, partition, garbage);
  const poison = async () => {
    const counts = await Promise.all(run.cluster.shards.map(({ role }) => run.cluster.metric(role, 'carillon_log_poison_total')));
    return counts.reduce((sum, count) => sum + count, 0);
  };
  await run.until(async () => (await poison()) === garbage.length, 'count of the poison', 15_000);
  const [victim] = run.readers.filter(({ userId }) => userId === 'user-0');
  const seen = victim?.record.pushes.length ?? 0;
  await run.until(() => (victim?.record.pushes.length ?? 0) > seen + 20, 'pushes behind the poison', 15_000);
  await run.settle();
  for (const { userId, record } of run.readers.filter((reader) => told(reader.userId)))
    expect([userId, record.resyncs.length > 0]).toEqual([userId, true]);
  expect(run.readers.filter(({ userId }) => others(userId)).flatMap(({ record }) => record.resyncs)).toEqual([]);
  expect(await poison()).toBe(garbage.length);
  expect(run.cluster.deaths).toEqual([]);
});
