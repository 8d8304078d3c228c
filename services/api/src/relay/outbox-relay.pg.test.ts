import { type EventLogWriter, InProcessEventLog, type LogRecord } from '@carillon/event-log';
import { Metrics, silentLogger, systemClock } from '@carillon/runtime';
import { bucketCount, removeMember } from '@carillon/store';
import { afterEach, beforeEach, expect, inject, test, vi } from 'vitest';
import { batchLimits } from './cut-batch.ts';
import { OutboxRelay } from './outbox-relay.ts';
import { RelayDatabase } from './relay-database.fixture.ts';
import { RelayMetrics } from './relay-metrics.ts';
import { ScriptedWriter, type Verdict } from './scripted-writer.fixture.ts';
import { SignalSender } from './signal-sender.ts';

let db: RelayDatabase;
let relays: OutboxRelay[] = [];

beforeEach(async () => {
  db = await RelayDatabase.create(inject('postgresUrl'));
});

afterEach(async () => {
  await Promise.all(relays.map((relay) => relay[Symbol.asyncDispose]()));
  relays = [];
  await db[Symbol.asyncDispose]();
});

function newRelay(
  writer: EventLogWriter,
  options: { sweepMs?: number } = {},
): { relay: OutboxRelay; signals: SignalSender; metrics: Metrics } {
  const signals = new SignalSender(systemClock);
  const metrics = new Metrics();
  const relay = new OutboxRelay({
    databaseUrl: db.url,
    database: db.database,
    writer,
    signals,
    logger: silentLogger,
    metrics: new RelayMetrics(metrics),
    clock: systemClock,
    ...options,
  });
  relays.push(relay);
  return { relay, signals, metrics };
}

function startRelay(writer: EventLogWriter, options: { sweepMs?: number } = {}) {
  const parts = newRelay(writer, options);
  parts.relay.start();
  return parts;
}

/** A verdict that the test gives later. */
function pendingVerdict(): { verdict: Promise<Verdict>; give: (verdict: Verdict) => void } {
  let give: (verdict: Verdict) => void = () => undefined;
  const verdict = new Promise<Verdict>((resolve) => {
    give = resolve;
  });
  return { verdict, give };
}

const drained = () => expect.poll(() => db.outboxRows()).toBe(0);
const owns = (relay: OutboxRelay, buckets: number) => expect.poll(() => relay.ownedBuckets()).toBe(buckets);
const frameOf = (record: LogRecord): unknown => JSON.parse(record.value.toString());

/** For each recipient of a chat, the seqs of the first copies in the order they were kept. */
function firstCopies(records: readonly LogRecord[], chatId: string): Map<string, number[]> {
  const seqs = new Map<string, number[]>();
  for (const { recipients, seq } of records.filter((record) => record.chatId === chatId)) {
    for (const recipient of recipients) {
      const seen = seqs.get(recipient) ?? [];
      if (!seen.includes(seq)) seen.push(seq);
      seqs.set(recipient, seen);
    }
  }
  return seqs;
}

const upTo = (seq: number) => Array.from({ length: seq }, (_, i) => i + 1);
const names = (count: number) => Array.from({ length: count }, (_, i) => `user-${i}`);

/** A fixed sequence of numbers in 0 … 1. */
function seededRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

test('[D3] [D10] every event of a chat reaches every member as the frame that /events returns', async () => {
  const writer = new ScriptedWriter();
  const { relay } = startRelay(writer);
  const chatId = await db.group(['bob', 'cyd']);
  relay.poke(chatId);
  await db.post(chatId, 'hello «"\\» 👋');
  relay.poke(chatId);
  await drained();
  const events = await db.events(chatId);
  for (const event of events) {
    const records = writer.kept.filter((record) => record.seq === event.seq);
    expect(records.flatMap(({ recipients }) => recipients).toSorted()).toEqual(['ada', 'bob', 'cyd']);
    for (const record of records) expect(frameOf(record)).toEqual(event);
  }
  expect(events).toHaveLength(2);
});

test('[D3] what the relay appends, a reader of the log receives', async () => {
  const log = new InProcessEventLog({ partitionCount: 8 });
  await using reader = log.createReader(() => ({ shardId: 'shard-0', epoch: 1, state: 'active' }));
  const received: LogRecord[] = [];
  await reader.start({
    onAssigned: () => undefined,
    onRecords: (_, records) => {
      received.push(...records);
      for (const record of records) reader.finish(record);
    },
    onDamaged: (_record, error) => expect.fail(error.message),
    onPoison: (_partition, _offset, error) => expect.fail(error.message),
    onSkipped: () => expect.fail('nothing is behind'),
    onDead: (error) => expect.fail(error.message),
  });
  await using writer = log.createWriter();
  startRelay(writer);
  const chatId = await db.group(names(30));
  await db.post(chatId, 'hello');
  await expect.poll(() => firstCopies(received, chatId).size).toBe(31);
  await expect.poll(() => [...firstCopies(received, chatId).values()].every((seqs) => seqs.join() === '1,2')).toBe(true);
});

test('[D4] a row is deleted only after the acknowledgement', async () => {
  const writer = new ScriptedWriter();
  const { verdict, give } = pendingVerdict();
  writer.judge = () => verdict;
  startRelay(writer);
  await db.group(['bob']);
  await expect.poll(() => writer.inFlight).toBe(1);
  expect(await db.outboxRows()).toBe(1);
  give('ok');
  await drained();
});

/** A log that this process alone cannot reach. */
class CutOffWriter extends ScriptedWriter {
  isCut = false;

  override isOpen(): boolean {
    return !this.isCut;
  }

  override async open(): Promise<void> {
    await vi.waitUntil(() => !this.isCut, { timeout: 60_000 });
  }
}

test('[D12] a relay that cannot reach the log leaves its buckets to one that can, and takes its share again', async () => {
  const cutOff = new CutOffWriter();
  cutOff.judge = () => (cutOff.isCut ? 'lost' : 'ok');
  const { relay } = startRelay(cutOff);
  await owns(relay, bucketCount);
  const reaching = new ScriptedWriter();
  const { relay: other } = startRelay(reaching);
  await owns(other, bucketCount / 2);
  cutOff.isCut = true;
  const chats = await Promise.all(upTo(16).map((bucket) => db.group(['bob'], bucket - 1)));
  await drained();
  expect(new Set(reaching.kept.map(({ chatId }) => chatId))).toEqual(new Set(chats));
  expect(relay.ownedBuckets()).toBe(0);
  cutOff.isCut = false;
  await owns(relay, bucketCount / 2);
  await owns(other, bucketCount / 2);
});

test('[D3] [M3] with appends failing at random, whole or in part, nothing is lost and no chat is out of order', async () => {
  const writer = new ScriptedWriter();
  const random = seededRandom(7);
  writer.judge = () => (['ok', 'ok', 'lost', 'in part'] as const)[Math.floor(random() * 4)] ?? 'ok';
  const { relay } = startRelay(writer);
  const chats = await Promise.all(upTo(6).map(() => db.group(names(20))));
  await Promise.all(
    chats.map(async (chatId) => {
      for (const n of upTo(15)) {
        await db.post(chatId, `message ${n}`);
        relay.poke(chatId);
      }
    }),
  );
  await drained();
  expect(writer.mostInFlight).toBe(1);
  for (const chatId of chats) {
    const seqs = firstCopies(writer.kept, chatId);
    expect([...seqs.keys()].toSorted()).toEqual(['ada', ...names(20)].toSorted());
    for (const seen of seqs.values()) expect(seen).toEqual(upTo(16));
  }
});

test('[D11] large rows to a large group stay within the bounds, and another bucket’s row leaves with the first batches', async () => {
  const writer = new ScriptedWriter(64);
  const large = await db.group(names(1_000), 3);
  let last = 0;
  for (const n of upTo(60)) last = await db.post(large, `${n} ${'x'.repeat(3_990)}`);
  const small = await db.group(['bob'], 9);
  startRelay(writer);
  await drained();
  const weight = ({ value, recipients }: LogRecord) => value.length + JSON.stringify(recipients).length;
  const sum = (records: readonly LogRecord[]) => records.reduce((total, record) => total + weight(record), 0);
  expect(writer.appends.length).toBeGreaterThan(1);
  for (const records of writer.appends) {
    expect(records.length).toBeLessThanOrEqual(batchLimits.records);
    expect(sum(records)).toBeLessThanOrEqual(batchLimits.bytes);
    for (const partition of new Set(records.map((record) => record.partition))) {
      expect(sum(records.filter((record) => record.partition === partition))).toBeLessThanOrEqual(batchLimits.bytesPerPartition);
    }
  }
  expect(writer.appends[0]?.some((record) => record.chatId === small)).toBe(true);
  const copies = firstCopies(writer.kept, large);
  expect(copies.size).toBe(1_001);
  for (const seen of copies.values()) {
    expect(seen.length).toBeGreaterThanOrEqual(60); // the group is made in several events: who joins with a later one is not told the first
    expect(seen).toEqual(upTo(last).slice(-seen.length));
  }
});

test('[D11] a row too large even alone leaves as a watermark, and its chat goes on', async () => {
  const writer = new ScriptedWriter();
  writer.judge = (records) => (records.some(({ value }) => value.length > 2_000) ? 'too large' : 'ok');
  const { metrics } = startRelay(writer);
  const chatId = await db.group(['bob']);
  const seq = await db.post(chatId, 'x'.repeat(3_000));
  await db.post(chatId, 'small');
  await drained();
  for (const user of ['ada', 'bob']) {
    const frames = writer.kept.filter((record) => record.recipients.includes(user)).map(frameOf);
    expect(frames).toContainEqual({ type: 'watermark', chat_id: chatId, seq });
    expect(firstCopies(writer.kept, chatId).get(user)).toEqual([1, 2, 3]);
  }
  expect(await metrics.text()).toContain('carillon_relay_too_large_total 1');
});

test('[M7] however late the relay comes, a removed member is told up to the removal', async () => {
  const chatId = await db.group(['bob']);
  await db.post(chatId, 'before');
  await removeMember(db.database, { chatId, userId: 'ada', memberId: 'bob' });
  await db.post(chatId, 'after');
  const writer = new ScriptedWriter();
  startRelay(writer);
  await drained();
  const seqs = firstCopies(writer.kept, chatId);
  expect(seqs.get('bob')).toEqual([1, 2, 3]);
  expect(seqs.get('ada')).toEqual([1, 2, 3, 4]);
});

test('[D12] two relays share the buckets; when one ends, the other takes them all', async () => {
  const first = startRelay(new ScriptedWriter());
  await owns(first.relay, bucketCount);
  const second = startRelay(new ScriptedWriter());
  await owns(second.relay, bucketCount / 2);
  await owns(first.relay, bucketCount / 2);
  await second.relay[Symbol.asyncDispose]();
  await owns(first.relay, bucketCount);
});

test('[M3] [D12] buckets move between relays under load: nothing lost, no chat out of order', async () => {
  const writers = [new ScriptedWriter(), new ScriptedWriter()] as const;
  const log: LogRecord[] = [];
  for (const writer of writers) {
    writer.judge = (records) => {
      log.push(...records);
      return 'ok';
    };
  }
  const first = startRelay(writers[0]);
  const chats = await Promise.all(upTo(8).map(() => db.group(['bob'])));
  const posting = Promise.all(
    chats.map(async (chatId) => {
      for (const n of upTo(40)) {
        await db.post(chatId, `message ${n}`);
        first.relay.poke(chatId);
      }
    }),
  );
  const second = startRelay(writers[1]);
  await owns(second.relay, bucketCount / 2);
  await first.relay[Symbol.asyncDispose]();
  await posting;
  await drained();
  for (const chatId of chats) expect(firstCopies(log, chatId).get('bob')).toEqual(upTo(41));
});

test('a poke wakes the relay of the process that owns the bucket', async () => {
  const writer = new ScriptedWriter();
  const owner = startRelay(writer, { sweepMs: 60_000 }); // nothing but the poke brings a row within the test's time
  await owns(owner.relay, bucketCount);
  const other = newRelay(new ScriptedWriter()).relay;
  const chatId = await db.group(['bob']);
  other.poke(chatId);
  await drained();
  for (const n of upTo(10)) {
    const seq = await db.post(chatId, `message ${n}`);
    other.poke(chatId);
    await expect.poll(() => writer.kept.some((record) => record.seq === seq), { interval: 1 }).toBe(true);
  }
});

test('[D4] [D12] a session that ends while an append is in flight deletes nothing; the rows leave again', async () => {
  const writer = new ScriptedWriter();
  const { verdict, give } = pendingVerdict();
  writer.judge = () => (writer.appends.length === 1 ? verdict : 'ok');
  const { relay } = startRelay(writer);
  await owns(relay, bucketCount);
  const chatId = await db.group(['bob']);
  await expect.poll(() => writer.inFlight).toBe(1);
  await db.endRelaySessions();
  give('ok');
  await drained();
  expect(writer.appends.length).toBeGreaterThan(1);
  expect(writer.mostInFlight).toBe(1);
  expect(firstCopies(writer.kept, chatId).get('bob')).toEqual([1]);
});

test('[D12] an append of 7 s costs no bucket: the session says every second that its owner lives', async () => {
  const writer = new ScriptedWriter();
  writer.judge = async (): Promise<Verdict> => {
    if (writer.appends.length === 1) await systemClock.sleep(7_000);
    return 'ok';
  };
  const { relay } = startRelay(writer);
  await owns(relay, bucketCount);
  await db.group(['bob']);
  await drained();
  expect(writer.appends).toHaveLength(1);
});

test('a relay that stops lets the append in flight end and deletes its rows', async () => {
  const writer = new ScriptedWriter();
  const { verdict, give } = pendingVerdict();
  writer.judge = () => verdict;
  const { relay } = startRelay(writer);
  await db.group(['bob']);
  await expect.poll(() => writer.inFlight).toBe(1);
  const stopping = relay[Symbol.asyncDispose]();
  give('ok');
  await stopping;
  expect(await db.outboxRows()).toBe(0);
  expect(relay.ownedBuckets()).toBe(0);
});

test('signals leave with the relay’s appends', async () => {
  const writer = new ScriptedWriter();
  const { relay, signals } = startRelay(writer);
  await owns(relay, bucketCount);
  signals.sendRead({ chatId: '0197f3a0-0000-7000-8000-000000000000', userId: 'ada', messageNo: 4, recipients: ['ada', 'bob'] });
  await expect.poll(() => writer.kept.flatMap((record) => record.recipients).toSorted()).toEqual(['ada', 'bob']);
  expect(writer.kept.map(({ event, seq }) => ({ event, seq }))).toContainEqual({ event: 'signal.read', seq: 0 });
});

test('the metrics tell buckets, backlog and the two stages', async () => {
  const writer = new ScriptedWriter();
  const { relay, metrics } = startRelay(writer);
  await owns(relay, bucketCount);
  await db.group(['bob']);
  await drained();
  const text = await metrics.text();
  for (const line of [
    'carillon_relay_buckets_owned 16',
    'carillon_outbox_rows ',
    'carillon_outbox_oldest_seconds ',
    'carillon_delivery_seconds_count{stage="commit_to_relay"} 1',
    'carillon_delivery_seconds_count{stage="relay_to_log"} 1',
  ]) {
    expect(text).toContain(line);
  }
});
