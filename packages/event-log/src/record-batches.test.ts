import { createRequire } from 'node:module';
import fc from 'fast-check';
import type { KafkaMessage } from 'kafkajs';
import { expect, test } from 'vitest';
import type { LogRecord, ReceivedRecord } from './event-log.ts';
import { patchKafkaFetch } from './kafka-fetch-patch.ts';
import { fromDamagedMessage, fromKafkaMessage, toKafkaMessage } from './kafka-record.ts';
import { readRecordBatches } from './record-batches.ts';

type Encoder = { readonly buffer: Buffer };
type Decode = (decoder: { readonly buffer: Buffer; offset: number }) => Promise<KafkaMessage[]>;

const load = createRequire(import.meta.url);
const writeRecord: (record: object) => Encoder = load('kafkajs/src/protocol/recordBatch/record/v0');
const { RecordBatch: writeBatch }: { RecordBatch: (batch: object) => Promise<Encoder> } = load('kafkajs/src/protocol/recordBatch/v0');
const Decoder: new (buffer: Buffer) => { buffer: Buffer; offset: number } = load('kafkajs/src/protocol/decoder');
const decodeByKafkajs: Decode = load('kafkajs/src/protocol/requests/fetch/v4/decodeMessages');
const isPatched = patchKafkaFetch();
const decode: Decode = load('kafkajs/src/protocol/requests/fetch/v4/decodeMessages');

type Written = { key?: Buffer; value: Buffer | null; headers: Record<string, unknown>; timestampDelta?: number };

async function batchOf(written: readonly Written[], options: object = {}): Promise<Buffer> {
  const records = written.map((record, offsetDelta) => writeRecord({ offsetDelta, ...record }));
  const { buffer } = await writeBatch({ firstOffset: 5_000_000_000, lastOffsetDelta: written.length - 1, records, ...options });
  return buffer;
}

function fetchOf(...batches: readonly Buffer[]): { buffer: Buffer; offset: number } {
  const length = Buffer.alloc(4);
  length.writeInt32BE(Buffer.concat([...batches]).length);
  return new Decoder(Buffer.concat([length, ...batches, Buffer.from('what follows')]));
}

function asWritten(record: LogRecord): Written {
  const { key, value, headers = {} } = toKafkaMessage(record);
  return { key: Buffer.from(String(key)), value: Buffer.from(value ?? ''), headers };
}

const record = (rest: Partial<LogRecord> = {}): LogRecord => ({
  ...{ partition: 3, recipients: ['u1'], chatId: 'c', seq: 7, event: 'message.created', value: Buffer.from('v') },
  ...rest,
});

function read(messages: readonly KafkaMessage[]): (ReceivedRecord | string)[] {
  return messages.map((message) => {
    try {
      const { batch: _batch, at: _at, ...record } = fromKafkaMessage(message, 3, 9);
      return record;
    } catch (error) {
      return String(error);
    }
  });
}

const userId = fc.string({ minLength: 1, maxLength: 12 });
const records = fc.array(
  fc.record({
    recipients: fc.array(userId, { minLength: 1, maxLength: 3 }),
    chatId: fc.constantFrom('a', 'b', 'grüße'),
    seq: fc.nat(),
    event: fc.constantFrom('message.created', 'message.updated', 'signal.read'),
    value: fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
    traceparent: fc.option(fc.string(), { nil: undefined }),
  }),
  { minLength: 1, maxLength: 20 },
);

test('kafkajs decodes as before, only in place', async () => {
  expect([isPatched, patchKafkaFetch(), decode === decodeByKafkajs]).toEqual([true, true, false]);
  await fc.assert(
    fc.asyncProperty(records, fc.boolean(), async (some, isStamped) => {
      const times = { firstTimestamp: 1_700_000_000_000, maxTimestamp: 1_700_000_000_009, timestampType: isStamped ? 1 : 0 };
      const written = some.map((each, n) => ({ ...asWritten(record(each)), timestampDelta: n }));
      const bytes = [await batchOf(written, times), await batchOf(written.slice(0, 1), { ...times, firstOffset: 5_000_000_100 })];
      const messages = await decode(fetchOf(...bytes));
      const theirs = await decodeByKafkajs(fetchOf(...bytes));
      expect(read(messages)).toEqual(read(theirs));
      const plain = ({ value, headers, offset, timestamp }: KafkaMessage) => ({
        ...{ value, headers: { ...headers }, offset: Number(offset), timestamp: Number(timestamp) },
      });
      expect(messages.map(plain)).toEqual(theirs.map(plain));
    }),
  );
});

test.each([
  { what: 'no header recipients', written: { headers: { ...asWritten(record()).headers, recipients: undefined } } },
  { what: 'recipients that are no JSON', written: { headers: { ...asWritten(record()).headers, recipients: '["u' } } },
  { what: 'recipients that are none', written: { headers: { ...asWritten(record()).headers, recipients: '[]' } } },
  { what: 'a seq that is no number', written: { headers: { ...asWritten(record()).headers, seq: '7x' } } },
  { what: 'a seq that is too large', written: { headers: { ...asWritten(record()).headers, seq: '9'.repeat(20) } } },
  { what: 'a header that comes twice', written: { headers: { ...asWritten(record()).headers, chat_id: ['a', 'b'] } } },
  { what: 'no headers at all', written: { headers: {} } },
  { what: 'no value', written: { value: null } },
])('a record with $what fails as it did, in its place', async ({ written }) => {
  const damaged = { ...asWritten(record()), ...written };
  const headers = Object.fromEntries(Object.entries(damaged.headers).filter(([, value]) => value !== undefined));
  const batch = await batchOf([asWritten(record({ seq: 1 })), { ...damaged, headers }, asWritten(record({ seq: 3 }))]);
  const outcomes = read(await decode(fetchOf(batch)));
  expect(outcomes).toEqual(read(await decodeByKafkajs(fetchOf(batch))));
  expect(outcomes[1]).toContain('Error');
});

test('whom a damaged record was for can still be read', async () => {
  const { headers, ...rest } = asWritten(record({ recipients: ['u1', 'u2'] }));
  const [message] = await decode(fetchOf(await batchOf([{ ...rest, headers: { ...headers, seq: 'x' } }])));
  if (message === undefined) throw new Error('no message');
  expect(fromDamagedMessage(message, 3, 9)).toMatchObject({ recipients: ['u1', 'u2'], offset: 5_000_000_000, seq: 0 });
});

test('a fetch that ends within a batch gives the whole ones before', async () => {
  const first = await batchOf([asWritten(record({ seq: 1 }))]);
  const second = await batchOf([asWritten(record({ seq: 2 }))]);
  for (const cut of [1, 40, second.length - 1]) {
    expect(read(await decode(fetchOf(first, second.subarray(0, cut))))).toMatchObject([{ seq: 1 }]);
  }
});

test('what is compressed, and what is broken, is left to kafkajs', async () => {
  const batch = await batchOf([asWritten(record())], { compression: 1 });
  expect(readRecordBatches(batch)).toBeUndefined();
  expect(read(await decode(fetchOf(batch)))).toMatchObject([{ seq: 7, recipients: ['u1'] }]);
  const broken = await batchOf([asWritten(record())]);
  broken.writeInt32BE(1_000_000, 57);
  expect(readRecordBatches(broken)).toBeUndefined();
});

test('whatever the bytes are, reading ends', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 1, maxLength: 60 }), (noise) => {
      const batch = Buffer.concat([Buffer.alloc(61), Buffer.from(noise)]);
      batch.writeInt32BE(batch.length - 12, 8);
      batch[16] = 2;
      batch.writeInt32BE(3, 57);
      for (const message of readRecordBatches(batch) ?? []) message.readPlain(0, 1);
    }),
  );
});

test('a record that was let go can be read again where it lies', async () => {
  const batch = await batchOf([1, 2, 300].map((seq) => asWritten(record({ seq, recipients: [`u${seq}`], value: Buffer.alloc(seq, 'v') }))));
  const places = (await decode(fetchOf(batch)))
    .map((message) => fromKafkaMessage(message, 3, 9))
    .map(({ batch, at = -1 }) => ({ batch, at }));
  const again = places.reverse().map((lies) => lies.batch?.read(lies.at));
  expect(again.map((each) => [each?.seq, each?.recipients, each?.value.length])).toEqual([
    [300, ['u300'], 300],
    [2, ['u2'], 2],
    [1, ['u1'], 1],
  ]);
});

test("a value pins its own batch, not the fetch's memory", async () => {
  const fetched = fetchOf(await batchOf([asWritten(record())]));
  const [received] = read(await decode(fetched));
  fetched.buffer.fill(0);
  expect(received).toMatchObject({ value: Buffer.from('v') });
});
