import { expect, test } from 'vitest';
import { contractPartitions, eventLogContract } from './event-log.contract.ts';
import { InProcessEventLog } from './in-process-event-log.ts';
import { RecordingListener } from './recording-listener.fixture.ts';

eventLogContract('the in-process event log', async () => {
  const log = new InProcessEventLog({ partitionCount: contractPartitions });
  return {
    openWriter: async () => {
      const writer = log.createWriter();
      await writer.open(new AbortController().signal);
      return writer;
    },
    createReader: (member) => log.createReader(() => member),
    crash: async (reader) => log.leave(reader),
    close: async () => undefined,
  };
});

const record = (seq: number) => ({ partition: 0, recipients: ['u'], chatId: 'c', seq, event: 'message.created', value: Buffer.alloc(10) });

test('beyond the retention the oldest records go, and a reader that missed them is told', async () => {
  const log = new InProcessEventLog({ partitionCount: 1, retention: { maxRecords: 3, maxBytes: 1_000 } });
  const writer = log.createWriter();
  const reader = log.createReader(() => ({ shardId: 'a', epoch: 1, state: 'active' }));
  const listener = new RecordingListener(reader, { finishes: true });
  await reader.start(listener);
  reader.pause(0);
  await writer.append([1, 2, 3, 4, 5].map(record));
  reader.resume(0);
  await expect.poll(() => listener.records.map(({ seq }) => seq)).toEqual([3, 4, 5]);
  expect(listener.poison.map(({ offset }) => offset)).toEqual([0]);
  expect(reader.lagRecords()).toBe(0);
});

test('the retention bounds bytes too, but keeps at least the newest record', async () => {
  const log = new InProcessEventLog({ partitionCount: 1, retention: { maxRecords: 100, maxBytes: 25 } });
  await log.createWriter().append([1, 2, 3, 4].map(record));
  expect(log.partition(0).start).toBe(2);
  await log.createWriter().append([{ ...record(5), value: Buffer.alloc(50) }]);
  expect([log.partition(0).start, log.partition(0).end]).toEqual([4, 5]);
});

test('finished records are freed', async () => {
  const log = new InProcessEventLog({ partitionCount: 1 });
  const reader = log.createReader(() => ({ shardId: 'a', epoch: 1, state: 'active' }));
  const listener = new RecordingListener(reader, { finishes: true });
  await reader.start(listener);
  await log.createWriter().append(Array.from({ length: 5_000 }, (_, index) => record(index + 1)));
  await expect.poll(() => listener.records.length).toBe(5_000);
  expect(log.partition(0).start).toBe(5_000);
});
