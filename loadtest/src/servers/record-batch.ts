import { createRequire } from 'node:module';
import type { LogRecord } from '@carillon/event-log';
import { patchKafkaFetch, toKafkaMessage } from '@carillon/event-log/kafka-steps';
import type { KafkaMessage } from 'kafkajs';

/** The parts of kafkajs that its index does not show: how a producer writes a record batch, how a fetch reads it. */
type Encoder = { readonly buffer: Buffer };
type WriteRecord = (record: object) => Encoder;
type WriteBatch = (batch: object) => Promise<Encoder>;
type Decoder = { readonly offset: number };
type ReadMessages = (decoder: Decoder) => Promise<KafkaMessage[]>;

const require = createRequire(import.meta.url);
const protocol = 'kafkajs/src/protocol';
const writeRecord: WriteRecord = require(`${protocol}/recordBatch/record/v0`);
const { RecordBatch: writeBatch }: { RecordBatch: WriteBatch } = require(`${protocol}/recordBatch/v0`);
/** As the production reader decodes them. */
if (!patchKafkaFetch()) throw new Error('the decoding of fetches is not patched');
const readMessages: ReadMessages = require(`${protocol}/requests/fetch/v4/decodeMessages`);
const KafkaDecoder: new (buffer: Buffer) => Decoder = require(`${protocol}/decoder`);

/** Records of one partition as they lie in a fetch answer: a record batch, its length before it. */
export async function encodeBatch(records: readonly LogRecord[], firstOffset: number): Promise<Buffer> {
  const encoded = records.map((record, offsetDelta) => writeRecord({ offsetDelta, ...asBytes(record) }));
  const batch = await writeBatch({ firstOffset, lastOffsetDelta: records.length - 1, records: encoded });
  const length = Buffer.alloc(4);
  length.writeInt32BE(batch.buffer.length);
  return Buffer.concat([length, batch.buffer]);
}

/** What kafkajs does with a partition's bytes of a fetch answer, before the consumer's handler is called. */
export function decodeBatch(bytes: Buffer): Promise<KafkaMessage[]> {
  return readMessages(new KafkaDecoder(bytes));
}

function asBytes(record: LogRecord): object {
  const { key, value, headers = {} } = toKafkaMessage(record);
  return { key: Buffer.from(String(key)), value, headers };
}
