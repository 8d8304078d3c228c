import { createHash } from 'node:crypto';
import { createRequire } from 'node:module';
import { readRecordBatches } from './record-batches.ts';

const knownVersion = '2.2.4';
const knownSource = '1b27174fb8b38bbdc4f816f8cf122614d867e4ab612a5771ce2208f6eab45130';
const decoding = 'kafkajs/src/protocol/requests/fetch/v4/decodeMessages';

/** The partition's part of a fetch answer, as kafkajs reads it. */
type Decoder = { readonly buffer: Buffer; offset: number };
type Decode = (decoder: Decoder) => Promise<unknown[]>;

/** A length, and so many bytes behind it. */
const lengthBytes = 4;

/**
 * Decodes fetched records in place: see `FetchedRecord`. What is compressed, transactional or of another format is left to kafkajs.
 * Applied only to the very source that it was written for, and only before kafkajs has read its first fetch, because later its
 * parts hold on to each other; returns whether it was.
 */
export function patchKafkaFetch(): boolean {
  const load = createRequire(import.meta.url);
  const decode: unknown = load(decoding);
  const loaded = load.cache[load.resolve(decoding)];
  const version: unknown = load('kafkajs/package.json').version;
  if (!isDecode(decode) || loaded === undefined || version !== knownVersion) return false;
  if (decode.name === inPlace.name) return true;
  if (createHash('sha256').update(decode.toString()).digest('hex') !== knownSource) return false;
  loaded.exports = inPlace(decode);
  return true;
}

function inPlace(decode: Decode): Decode {
  const patched: Decode = async (decoder) => {
    const from = decoder.offset + lengthBytes;
    const to = from + decoder.buffer.readInt32BE(decoder.offset);
    const records = to > from && to <= decoder.buffer.length ? readRecordBatches(decoder.buffer.subarray(from, to)) : undefined;
    if (records === undefined) return decode(decoder);
    decoder.offset = to;
    return records;
  };
  return Object.defineProperty(patched, 'name', { value: inPlace.name });
}

function isDecode(value: unknown): value is Decode {
  return typeof value === 'function';
}
