import { InProcessEventLog, type LogListener, type LogRecord, type ReceivedRecord } from '@carillon/event-log';
import { type Clock, systemClock } from '@carillon/runtime';
import { expect, test } from 'vitest';
import { DeliveryPause } from './delivery-pause.ts';
import { DeliveryWays } from './delivery-ways.ts';
import { Lifeline } from './lifeline.ts';
import { WatchedReader, WatchedWriter } from './watched-log.ts';

const member = (shardId: string) => () => ({ shardId, epoch: 1, state: 'active' as const });

class Recording implements LogListener {
  readonly records: ReceivedRecord[] = [];
  readonly seqs = () => this.records.map(({ seq }) => seq);
  onAssigned = () => undefined;
  onDamaged = () => undefined;
  onPoison = () => undefined;
  onSkipped = () => undefined;
  onDead = () => undefined;
  onRecords(_partition: number, records: readonly ReceivedRecord[]): void {
    this.records.push(...records);
  }
}

function setUp({ partitionCount = 1, clock = systemClock }: { partitionCount?: number; clock?: Clock } = {}) {
  const log = new InProcessEventLog({ partitionCount });
  const ways = new DeliveryWays(systemClock);
  const pause = new DeliveryPause(clock);
  const join = async (shardId: string, life = new Lifeline()) => {
    const reader = new WatchedReader({ shardId, reader: log.createReader(member(shardId)), life, pause, ways });
    const listener = new Recording();
    await reader.start(listener);
    return { reader, listener, life };
  };
  return { ways, pause, join, writer: new WatchedWriter(log.createWriter(), ways) };
}

function record(seq: number, partition = 0): LogRecord {
  const value = Buffer.from(`{"type":"event","at":"2026-01-01T00:00:00.000Z","seq":${seq}}`);
  return { partition, recipients: ['ann', 'bob'], chatId: 'chat', seq, event: 'message.created', value };
}

test('[E2] what a dead shard had in hand comes again to the next owner, once the dead member is gone', async () => {
  const { join, writer, ways } = setUp();
  const first = await join('first');
  await writer.append([record(1), record(2)]);
  await expect.poll(first.listener.seqs).toEqual([1, 2]);
  const [done, lost] = first.listener.records as [ReceivedRecord, ReceivedRecord];
  first.reader.finish(done);

  first.life.cut();
  first.reader.finish(lost);
  await first.reader[Symbol.asyncDispose]();
  const second = await join('second');
  await writer.append([record(3)]);
  expect(second.reader.assignedPartitions()).toEqual([]);
  expect(first.listener.seqs()).toEqual([1, 2]);

  await first.life.bury();
  await expect.poll(second.listener.seqs).toEqual([2, 3]);
  expect(ways.of('bob', 0).ways.map(({ seq, readings, shard_id }) => [seq, readings, shard_id])).toEqual([
    [1, 1, 'first'],
    [2, 2, 'second'],
    [3, 1, 'second'],
  ]);
});

test('[E3] a paused partition waits in the log, also under a new owner and where its shard goes on; the others do not', async () => {
  const ends: (() => void)[] = [];
  const clock: Clock = { ...systemClock, sleep: () => new Promise((resolve) => void ends.push(resolve)) };
  const { join, writer, pause } = setUp({ partitionCount: 2, clock });
  const first = await join('first');
  expect(pause.begin(0)).toBe(pause.begin(0));
  expect(ends).toHaveLength(1);
  await writer.append([record(1, 0), record(1, 1)]);
  await expect.poll(() => first.listener.records.map(({ partition }) => partition)).toEqual([1]);
  first.reader.pause(0);
  first.reader.resume(0);
  await first.reader[Symbol.asyncDispose]();
  const second = await join('second');
  await writer.append([record(2, 1)]);
  await expect.poll(() => second.listener.records.map(({ partition }) => partition)).toContain(1);
  expect(second.listener.records.filter(({ partition }) => partition === 0)).toEqual([]);

  second.reader.pause(0);
  ends[0]?.();
  await expect.poll(() => pause.isPaused(0)).toBe(false);
  await writer.append([record(3, 1)]);
  await expect.poll(() => second.listener.records.some(({ seq }) => seq === 3)).toBe(true);
  expect(second.listener.records.filter(({ partition }) => partition === 0)).toEqual([]);
  second.reader.resume(0);
  await expect.poll(() => second.listener.records.filter(({ partition }) => partition === 0)).toHaveLength(1);
});

test('[E4] the way of a record is told stage by stage, to its recipients, and only what changed', async () => {
  const { join, writer, ways } = setUp();
  await writer.append([record(1)]);
  const waiting = ways.of('ann', 0);
  expect(waiting.ways).toMatchObject([
    { seq: 1, committed_at: Date.parse('2026-01-01T00:00:00.000Z'), appended_at: expect.any(Number), received_at: null, offset: null },
  ]);
  expect(ways.of('ann', waiting.next).ways).toEqual([]);
  expect(ways.of('carol', 0).ways).toEqual([]);

  const { reader, listener } = await join('first');
  await expect.poll(listener.seqs).toEqual([1]);
  for (const received of listener.records) reader.finish(received);
  const [way] = ways.of('ann', waiting.next).ways;
  expect(way).toMatchObject({ offset: 0, shard_id: 'first', readings: 1, delivered_at: expect.any(Number) });
  const times = [way?.relayed_at, way?.appended_at, way?.received_at, way?.delivered_at];
  expect(times).toEqual(times.toSorted((a, b) => (a ?? 0) - (b ?? 0)));
});

test('[E4] no more than the last 500 ways are kept', async () => {
  const { writer, ways } = setUp();
  await writer.append([...Array(501).keys()].map((index) => record(index + 1)));
  const { ways: kept } = ways.of('ann', 0);
  expect([kept.length, kept[0]?.seq]).toEqual([500, 2]);
});
