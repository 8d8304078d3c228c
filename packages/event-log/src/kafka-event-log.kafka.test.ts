import { randomUUID } from 'node:crypto';
import { StartError, silentLogger } from '@carillon/runtime';
import type {} from '@carillon/testkit';
import { type Admin, Kafka, logLevel, type Message } from 'kafkajs';
import { expect, inject, test } from 'vitest';
import { ensureTopic } from './ensure-topic.ts';
import { contractPartitions, eventLogContract } from './event-log.contract.ts';
import type { EventLogReader } from './event-log.ts';
import { isKafkaRefusal } from './kafka-errors.ts';
import { KafkaReader } from './kafka-reader.ts';
import { KafkaSockets } from './kafka-sockets.ts';
import { KafkaWriter } from './kafka-writer.ts';
import { makeMemberLeave } from './make-member-leave.ts';
import { RecordingListener } from './recording-listener.fixture.ts';

const logger = silentLogger;
const brokers = inject('kafkaBrokers').split(',');
const patience = { timeout: 20_000, interval: 20 };

/** A topic and a group of the test's own. */
async function createLog(partitions = contractPartitions) {
  const topic = `test-${randomUUID()}`;
  const groupId = `group-${topic}`;
  await ensureTopic({ brokers, topic, partitions, replicationFactor: 1 });
  const sockets = new Map<EventLogReader, KafkaSockets>();
  return {
    topic,
    groupId,
    openWriter: async () => {
      const writer = new KafkaWriter({ brokers, topic, clientId: 'test-writer', logger });
      await writer.open(new AbortController().signal);
      return writer;
    },
    createReader: (member: { shardId: string; epoch: number; state: 'active' | 'draining' }, options: { maxBacklog?: number } = {}) => {
      const own = new KafkaSockets();
      const reader = new KafkaReader({ brokers, topic, groupId, member: () => member, logger, sockets: own, ...options });
      sockets.set(reader, own);
      return reader;
    },
    /** As a dead process: its connections are cut without a word; its successor makes it leave. */
    crash: async (reader: EventLogReader) => {
      sockets.get(reader)?.closeAll();
      await makeMemberLeave({ brokers, groupId, memberId: reader.memberId() ?? '' });
    },
    close: () => withAdmin((admin) => deleteTopic(admin, topic)),
  };
}

/** kafkajs repeats a deletion that took long, and is then told that there is no such topic. */
async function deleteTopic(admin: Admin, topic: string): Promise<void> {
  try {
    await admin.deleteTopics({ topics: [topic] });
  } catch (error) {
    if (!isKafkaRefusal(error, 'UNKNOWN_TOPIC_OR_PARTITION')) throw error;
  }
}

const kafka = new Kafka({ brokers, logLevel: logLevel.NOTHING });

async function withAdmin<T>(work: (admin: Admin) => Promise<T>): Promise<T> {
  const admin = kafka.admin();
  await admin.connect();
  try {
    return await work(admin);
  } finally {
    await admin.disconnect();
  }
}

eventLogContract('the event log in Kafka', createLog);

async function produce(topic: string, messages: Message[]): Promise<void> {
  const producer = kafka.producer({ createPartitioner: () => (args) => args.message.partition ?? 0 });
  await producer.connect();
  await producer.send({ topic, messages });
  await producer.disconnect();
}

const goodHeaders = { recipients: '["u"]', chat_id: 'c', seq: '1', event: 'message.created' };

test('[D9] [D15] a record that cannot be read is told in its place, with its recipients where those can be read: the partition goes on', async () => {
  await using log = disposable(await createLog(1));
  const reader = log.createReader({ shardId: 'a', epoch: 1, state: 'active' });
  const listener = new RecordingListener(reader, { finishes: true });
  await reader.start(listener);
  const broken = [{}, { ...goodHeaders, recipients: '{' }, { ...goodHeaders, recipients: '[]' }, { ...goodHeaders, recipients: '[1]' }];
  const wrong = [
    { ...goodHeaders, seq: 'x' },
    { ...goodHeaders, seq: '' },
    { ...goodHeaders, chat_id: ['a', 'b'] },
  ];
  await produce(log.topic, [
    ...broken.map((headers) => ({ partition: 0, value: 'v', headers })),
    { partition: 0, value: 'v', headers: goodHeaders },
    ...wrong.map((headers) => ({ partition: 0, value: 'v', headers })),
    { partition: 0, value: null, headers: goodHeaders },
    { partition: 0, value: 'v', headers: goodHeaders },
  ]);
  await expect.poll(() => listener.records.map(({ offset }) => offset), patience).toEqual([4, 9]);
  expect(listener.poison.map(({ offset }) => offset)).toEqual([0, 1, 2, 3]);
  expect(listener.damaged.map(({ record }) => record.offset)).toEqual([5, 6, 7, 8]);
  const empty = { partition: 0, recipients: ['u'], chatId: '', seq: 0, event: '', value: Buffer.alloc(0), generation: listener.generation };
  for (const { record } of listener.damaged) expect(record).toMatchObject(empty);
  expect(listener.order).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  await expect.poll(() => reader.lagRecords(), patience).toBe(0);
  await reader[Symbol.asyncDispose]();
  expect(await withAdmin((admin) => admin.fetchOffsets({ groupId: log.groupId, topics: [log.topic] }))).toMatchObject([
    { partitions: [{ partition: 0, offset: '10' }] },
  ]);
});

test('[D9] records that are gone before they were read are told, and reading goes on at the earliest, never at the latest', async () => {
  await using log = disposable(await createLog(1));
  await using writer = await log.openWriter();
  const record = (seq: number) => ({ partition: 0, recipients: ['u'], chatId: 'c', seq, event: 'e', value: Buffer.from('v') });
  const reader = log.createReader({ shardId: 'a', epoch: 1, state: 'active' });
  const listener = new RecordingListener(reader, { finishes: true });
  await reader.start(listener);
  await writer.append([record(1)]);
  await expect.poll(() => listener.records.length, patience).toBe(1);
  reader.pause(0);
  await writer.append([2, 3, 4].map(record));
  await withAdmin(async (admin) => {
    await admin.fetchTopicOffsets(log.topic);
    await admin.deleteTopicRecords({ topic: log.topic, partitions: [{ partition: 0, offset: '3' }] });
  });
  reader.resume(0);
  await expect.poll(() => listener.records.map(({ seq }) => seq), patience).toEqual([1, 4]);
  expect(listener.poison.map(({ offset }) => offset)).toEqual([1]);
  await reader[Symbol.asyncDispose]();
});

test('[D13] a partition that fell too far behind is passed over at its takeover, told once and committed; what comes then is read', async () => {
  await using log = disposable(await createLog(2));
  await using writer = await log.openWriter();
  const record = (partition: number) => (seq: number) => ({
    ...{ partition, recipients: ['u'], chatId: 'c', seq, event: 'e', value: Buffer.from('v') },
  });
  const many = Array.from({ length: 30 }, (_, index) => index + 1);
  await writer.append([...many.map(record(0)), ...many.slice(0, 20).map(record(1))]);
  const reader = log.createReader({ shardId: 'a', epoch: 1, state: 'active' }, { maxBacklog: 20 });
  const listener = new RecordingListener(reader, { finishes: true });
  await reader.start(listener);
  await expect.poll(() => [listener.skipped, listener.of(1).length], patience).toEqual([[{ partition: 0, records: 30 }], 20]);
  await writer.append([record(0)(31)]);
  await expect.poll(() => listener.of(0).map(({ seq }) => seq), patience).toEqual([31]);
  reader.pause(0);
  await writer.append(many.map(record(0)));
  reader.resume(0);
  await expect.poll(() => listener.of(0).length, patience).toBe(31);
  await expect.poll(() => reader.lagRecords(), patience).toBe(0);
  await reader[Symbol.asyncDispose]();
  expect(listener.skipped).toHaveLength(1);
  const [topic] = await withAdmin((admin) => admin.fetchOffsets({ groupId: log.groupId, topics: [log.topic] }));
  expect(topic?.partitions.map(({ offset }) => offset).toSorted()).toEqual(['20', '61']);
});

test('[L5] making a dead predecessor leave frees its partitions at once, and twice is no error', async () => {
  await using log = disposable(await createLog());
  const dead = log.createReader({ shardId: 'a', epoch: 1, state: 'active' });
  await dead.start(new RecordingListener(dead, { finishes: true }));
  const memberId = dead.memberId() ?? '';
  await log.crash(dead);
  await makeMemberLeave({ brokers, groupId: log.groupId, memberId });
  const successor = log.createReader({ shardId: 'a', epoch: 2, state: 'active' });
  const startedAt = performance.now();
  await successor.start(new RecordingListener(successor, { finishes: true }));
  expect(performance.now() - startedAt).toBeLessThan(5_000);
  expect(successor.assignedPartitions()).toHaveLength(contractPartitions);
  await successor[Symbol.asyncDispose]();
});

test('[D11] a record that Kafka refuses for its size is told apart, and the writer stays usable', async () => {
  await using log = disposable(await createLog(1));
  await using writer = await log.openWriter();
  const record = { partition: 0, recipients: ['u'], chatId: 'c', seq: 1, event: 'e', value: Buffer.alloc(2 << 20) };
  await expect(writer.append([record])).rejects.toMatchObject({ name: 'EventLogError', tooLarge: true });
  await writer.append([{ ...record, value: Buffer.from('v') }]);
  expect(writer.isOpen()).toBe(true);
});

test('a topic is created once, and one with another number of partitions is refused by name', async () => {
  await using log = disposable(await createLog(3));
  await ensureTopic({ brokers, topic: log.topic, partitions: 3, replicationFactor: 1 });
  const refusal = ensureTopic({ brokers, topic: log.topic, partitions: 4, replicationFactor: 1 });
  await expect(refusal).rejects.toBeInstanceOf(StartError);
  await expect(refusal).rejects.toThrow(`${log.topic} has 3 partitions, not the 4`);
});

test('a writer waits for a topic that does not exist yet, until its signal is aborted', async () => {
  const stop = new AbortController();
  await using writer = new KafkaWriter({ brokers, topic: `missing-${randomUUID()}`, clientId: 'test', logger });
  const opening = writer.open(stop.signal);
  stop.abort(new Error('stopped'));
  await expect(opening).rejects.toThrow('stopped');
  expect(writer.isOpen()).toBe(false);
});

test('a reader that is stopped before Kafka is there ends its start', async () => {
  const reader = new KafkaReader({
    brokers: ['127.0.0.1:1'],
    topic: 't',
    groupId: 'g',
    member: () => ({ shardId: 'a', epoch: 1, state: 'active' }),
    logger,
  });
  const starting = reader.start(new RecordingListener(reader, { finishes: true }));
  await Promise.all([expect(starting).rejects.toThrow('stopped before it had joined'), reader[Symbol.asyncDispose]()]);
  expect(reader.isConnected()).toBe(false);
});

function disposable<L extends { close(): Promise<unknown> }>(log: L): L & AsyncDisposable {
  return { ...log, [Symbol.asyncDispose]: async () => void (await log.close()) };
}

test('[L3] a listener that throws makes the reader dead, told once: nothing says which records it has taken', async () => {
  await using log = disposable(await createLog(1));
  await using writer = await log.openWriter();
  const reader = log.createReader({ shardId: 'a', epoch: 1, state: 'active' });
  const dead: Error[] = [];
  await reader.start({
    onAssigned: () => undefined,
    onRecords: () => {
      throw new TypeError('a bug');
    },
    onDamaged: () => undefined,
    onPoison: () => undefined,
    onSkipped: () => undefined,
    onDead: (error) => dead.push(error),
  });
  const record = { partition: 0, recipients: ['u'], chatId: 'c', seq: 1, event: 'e', value: Buffer.from('v') };
  await writer.append([record]);
  await expect.poll(() => dead.length, patience).toBe(1);
  expect(reader.isConnected()).toBe(false);
  await writer.append([record]);
  await reader[Symbol.asyncDispose]();
  expect(dead).toMatchObject([{ message: 'a bug' }]);
});
