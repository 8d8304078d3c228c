import { InProcessEventLog } from '@carillon/event-log';
import { silentLogger } from '@carillon/runtime';
import { expect, test } from 'vitest';
import { ShardCounts } from '../metrics.ts';
import { NotificationConsumer } from './notification-consumer.ts';

test('[D13] [D6] of a record that cannot be read, and of a backlog passed over, the partition is told, and nobody resumes across it', () => {
  const told: string[] = [];
  const counts = new ShardCounts(() => undefined);
  const consumer = new NotificationConsumer({
    reader: new InProcessEventLog({ partitionCount: 1 }).createReader(() => ({ shardId: 'a', epoch: 1, state: 'active' })),
    pool: { enqueue: () => undefined, reset: () => undefined },
    recent: { forget: (partition) => void told.push(`forget ${partition}`) },
    counts,
    logger: silentLogger,
    onAssigned: () => undefined,
    onLost: (partition) => void told.push(`lost ${partition}`),
    onDead: (error) => expect.fail(error.message),
  });
  consumer.onPoison(3, 17, new Error('garbage'));
  consumer.onSkipped(4, 30_000);
  expect(told).toEqual(['forget 3', 'lost 3', 'forget 4', 'lost 4']);
  expect([counts.poison, counts.skippedRecords]).toEqual([1, 30_000]);
});
