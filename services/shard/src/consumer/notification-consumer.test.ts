import { InProcessEventLog, type ReceivedRecord } from '@carillon/event-log';
import { silentLogger } from '@carillon/runtime';
import { expect, test } from 'vitest';
import { ShardCounts } from '../metrics.ts';
import { NotificationConsumer } from './notification-consumer.ts';

test('[D13] [D15] [D6] of a record that cannot be read, and of a backlog passed over, the partition is told, and nobody resumes across it', () => {
  const told: string[] = [];
  const enqueued: ReceivedRecord[] = [];
  const counts = new ShardCounts(() => undefined);
  const consumer = new NotificationConsumer({
    reader: new InProcessEventLog({ partitionCount: 1 }).createReader(() => ({ shardId: 'a', epoch: 1, state: 'active' })),
    pool: { enqueue: (_, records) => void enqueued.push(...records), reset: () => undefined },
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
  const place = { partition: 5, offset: 9, appendedAtMs: 1, generation: 1, recipients: ['u'] };
  consumer.onDamaged({ ...place, chatId: '', seq: 0, event: '', value: Buffer.alloc(0) }, new Error('garbage'));
  expect(enqueued).toEqual([{ ...place, chatId: '', seq: 0, event: 'resync', value: Buffer.from('{"type":"resync","reason":"gap"}') }]);
  expect([told.length, counts.poison]).toEqual([4, 2]);
});
