import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { EventLogReader, EventLogWriter, GroupMember, LogRecord } from './event-log.ts';
import { RecordingListener } from './recording-listener.fixture.ts';

/** One log of `partitionCount` partitions with one group, and how to use it: what an implementation gives to the suite. */
export type EventLogHarness = {
  openWriter(): Promise<EventLogWriter>;
  createReader(member: GroupMember): EventLogReader;
  /** The reader's process dies: nothing is committed any more, and the group gives its partitions away. */
  crash(reader: EventLogReader): Promise<void>;
  close(): Promise<void>;
};

export const contractPartitions = 8;

const patience = { timeout: 20_000, interval: 20 };

/** What every event log keeps, whatever carries it. */
export function eventLogContract(name: string, createHarness: () => Promise<EventLogHarness>): void {
  describe(name, () => {
    let log: EventLogHarness;
    let writer: EventLogWriter;
    let open: EventLogReader[];

    beforeEach(async () => {
      open = [];
      log = await createHarness();
      writer = await log.openWriter();
    });

    afterEach(async () => {
      await Promise.all(open.map((reader) => reader[Symbol.asyncDispose]()));
      await writer[Symbol.asyncDispose]();
      await log.close();
    });

    const read = async (shardId: string, options: { finishes: boolean } = { finishes: true }) => {
      const reader = log.createReader({ shardId, epoch: 1, state: 'active' });
      open.push(reader);
      const listener = new RecordingListener(reader, options);
      await reader.start(listener);
      return { reader, listener };
    };
    const arrived = (listeners: RecordingListener[], count: number) =>
      expect.poll(() => listeners.flatMap((listener) => listener.records).length, patience).toBe(count);
    const balanced = (readers: EventLogReader[]) =>
      vi.waitFor(() => {
        const owned = readers.map((reader) => [...reader.assignedPartitions()]);
        expect(owned.flat().sort((a, b) => a - b)).toEqual(allPartitions);
        for (const own of owned) expect(own.length).toBeGreaterThanOrEqual(Math.floor(contractPartitions / readers.length));
      }, patience);

    test('[D3] every record arrives with its recipients, chat, seq, event, trace context and the same bytes', async () => {
      const { listener } = await read('a');
      const value = Buffer.from('{"text":"\u00e9\u{1f514}"}');
      const record = { ...recordOf(3, 7), recipients: ['u1', 'u "2"'], traceparent: '00-ab-cd-01', value };
      const before = Date.now();
      await writer.append([record, recordOf(1, 1)]);
      await arrived([listener], 2);
      const received = listener.of(3)[0];
      expect(received).toMatchObject({ ...record, value: expect.anything(), generation: listener.generation });
      expect(received?.value.equals(value)).toBe(true);
      expect(Math.abs((received?.appendedAtMs ?? 0) - before)).toBeLessThan(60_000);
      expect(listener.of(1)[0]?.traceparent).toBeUndefined();
      expect(writer.isOpen()).toBe(true);
      expect(writer.partitionCount).toBe(contractPartitions);
    });

    test('[D10] a value of every size comes through as it went in', async () => {
      const { listener } = await read('a');
      const values = [0, 1, 1_000, 200_000].map((size) => Buffer.alloc(size, 'x'));
      await writer.append(values.map((value, index) => ({ ...recordOf(0, index + 1), value })));
      await arrived([listener], values.length);
      expect(listener.of(0).map((record) => record.value.length)).toEqual([0, 1, 1_000, 200_000]);
    });

    test('[M3] the records of a partition arrive in the order of their appends, with ascending offsets', async () => {
      const { listener } = await read('a');
      for (let batch = 0; batch < 5; batch += 1) {
        await writer.append(Array.from({ length: 80 }, (_, index) => recordOf(index % contractPartitions, batch * 80 + index + 1)));
      }
      await arrived([listener], 400);
      for (const partition of allPartitions) {
        const records = listener.of(partition);
        expect(records).toHaveLength(50);
        expectAscending(records.map((record) => record.seq));
        expectAscending(records.map((record) => record.offset));
      }
    });

    test('what was appended before the first reader came is read', async () => {
      await writer.append([recordOf(2, 1)]);
      const { listener } = await read('a');
      await arrived([listener], 1);
    });

    test('several readers share the partitions, and a reader that leaves hands its own over', async () => {
      const a = await read('a');
      const b = await read('b');
      await balanced([a.reader, b.reader]);
      await writer.append(allPartitions.map((partition) => recordOf(partition, 1)));
      await arrived([a.listener, b.listener], contractPartitions);
      expect(new Set([...a.listener.records, ...b.listener.records].map((record) => record.partition)).size).toBe(contractPartitions);
      await b.reader[Symbol.asyncDispose]();
      await balanced([a.reader]);
      await writer.append(allPartitions.map((partition) => recordOf(partition, 2)));
      await expect.poll(() => a.listener.records.filter((record) => record.seq === 2).length, patience).toBe(contractPartitions);
      expect(b.listener.records.some((record) => record.seq === 2)).toBe(false);
    });

    test('[D9] finished records do not come again after their reader left', async () => {
      const a = await read('a');
      await writer.append([recordOf(0, 1), recordOf(0, 2), recordOf(5, 1)]);
      await arrived([a.listener], 3);
      await a.reader[Symbol.asyncDispose]();
      const b = await read('b');
      await writer.append([recordOf(0, 3), recordOf(5, 2)]);
      await arrived([b.listener], 2);
      expect(b.listener.of(0).map((record) => record.seq)).toEqual([3]);
    });

    test('[D9] after a crash the unfinished records come again, from the lowest one on', async () => {
      const a = await read('a', { finishes: false });
      await writer.append([1, 2, 3, 4].map((seq) => recordOf(0, seq)));
      await arrived([a.listener], 4);
      for (const record of a.listener.of(0).filter(({ seq }) => seq !== 2)) a.reader.finish(record);
      await expect.poll(() => a.reader.lagRecords(), patience).toBe(3);
      await log.crash(a.reader);
      const b = await read('b');
      await balanced([b.reader]);
      await arrived([b.listener], 3);
      expect(b.listener.of(0).map((record) => record.seq)).toEqual([2, 3, 4]);
    });

    test('[D9] a finish of an old assignment changes nothing: the record comes again, and once more', async () => {
      const a = await read('a', { finishes: false });
      await writer.append(allPartitions.map((partition) => recordOf(partition, 1)));
      await arrived([a.listener], contractPartitions);
      const old = [...a.listener.records];
      const b = await read('b', { finishes: false });
      await balanced([a.reader, b.reader]);
      await arrived([a.listener, b.listener], 2 * contractPartitions);
      for (const record of old) a.reader.finish(record);
      await b.reader[Symbol.asyncDispose]();
      await balanced([a.reader]);
      await arrived([a.listener], old.length + contractPartitions / 2 + contractPartitions);
    });

    test('a paused partition hands over nothing until it is resumed; the others go on', async () => {
      const { reader, listener } = await read('a');
      reader.pause(4);
      await writer.append([recordOf(4, 1), recordOf(6, 1)]);
      await arrived([listener], 1);
      await writer.append([recordOf(6, 2)]);
      await arrived([listener], 2);
      expect(listener.of(4)).toEqual([]);
      reader.resume(4);
      await arrived([listener], 3);
      expect(listener.of(4)).toHaveLength(1);
    });

    test('a pause survives a new assignment that keeps the partition', async () => {
      const a = await read('a');
      for (const partition of allPartitions) a.reader.pause(partition);
      const b = await read('b');
      await balanced([a.reader, b.reader]);
      await writer.append(allPartitions.map((partition) => recordOf(partition, 1)));
      await arrived([b.listener], contractPartitions / 2);
      expect(a.listener.records).toEqual([]);
      for (const partition of allPartitions) a.reader.resume(partition);
      await arrived([a.listener, b.listener], contractPartitions);
    });

    test('after stopFetching nothing comes, and what came may be finished', async () => {
      const a = await read('a', { finishes: false });
      await writer.append([recordOf(0, 1)]);
      await arrived([a.listener], 1);
      await a.reader.stopFetching();
      await writer.append([recordOf(0, 2)]);
      for (const record of a.listener.records) a.reader.finish(record);
      await a.reader[Symbol.asyncDispose]();
      expect(a.listener.records).toHaveLength(1);
      const b = await read('b');
      await arrived([b.listener], 1);
      expect(b.listener.of(0).map((record) => record.seq)).toEqual([2]);
    });

    test('lagRecords counts what is read but not finished, and falls to 0', async () => {
      const { reader, listener } = await read('a', { finishes: false });
      await writer.append([recordOf(0, 1), recordOf(0, 2), recordOf(3, 1)]);
      await arrived([listener], 3);
      expect(reader.lagRecords()).toBe(3);
      for (const record of listener.records) reader.finish(record);
      await expect.poll(() => reader.lagRecords(), patience).toBe(0);
    });

    test('a draining member gets no partitions', async () => {
      const a = await read('a');
      const draining = log.createReader({ shardId: 'b', epoch: 1, state: 'draining' });
      open.push(draining);
      await draining.start(new RecordingListener(draining, { finishes: true }));
      await expect.poll(() => a.listener.assignments.length, patience).toBeGreaterThan(1);
      expect(a.reader.assignedPartitions()).toHaveLength(contractPartitions);
      expect(draining.assignedPartitions()).toEqual([]);
      expect(draining.memberId()).not.toBe(a.reader.memberId());
      expect([a.reader.isConnected(), draining.isConnected()]).toEqual([true, true]);
    });
  });
}

const allPartitions = Array.from({ length: contractPartitions }, (_, partition) => partition);

function recordOf(partition: number, seq: number): LogRecord {
  return {
    partition,
    recipients: [`user-${partition}`],
    chatId: 'chat',
    seq,
    event: 'message.created',
    value: Buffer.from(`{"seq":${seq}}`),
  };
}

function expectAscending(numbers: number[]): void {
  expect(numbers).toEqual(numbers.toSorted((a, b) => a - b));
}
