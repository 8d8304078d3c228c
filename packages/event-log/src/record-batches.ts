import { type BatchStart, FetchedRecord } from './fetched-record.ts';
import { RecordCursor } from './record-cursor.ts';

/** Places in a record batch of Kafka's format 2, counted from its first byte. */
const place = { length: 8, magic: 16, attributes: 21, lastOffset: 23, firstTimestamp: 27, maxTimestamp: 35, count: 57, records: 61 };
const knownMagic = 2;
/** Compression, transaction, control batch: the relay writes none of them. */
const foreignAttributes = 0x37;
const logAppendTime = 0x08;

/**
 * The records of one partition in a fetch answer, which may end within a batch. Each batch is copied once, so that what is kept of it
 * pins that batch and not the whole fetch of megabytes. Undefined: it holds something that this reader does not know, or is broken.
 */
export function readRecordBatches(fetched: Buffer): FetchedRecord[] | undefined {
  const records: FetchedRecord[] = [];
  for (let at = 0; at + place.records <= fetched.length; ) {
    const end = at + place.length + 4 + fetched.readInt32BE(at + place.length);
    if (end > fetched.length) break;
    if (end < at + place.records) return undefined;
    const isKnown = fetched[at + place.magic] === knownMagic && (fetched.readInt16BE(at + place.attributes) & foreignAttributes) === 0;
    if (!isKnown || !readBatch(Buffer.from(fetched.subarray(at, end)), records)) return undefined;
    at = end;
  }
  return records;
}

/** False: it is not what its own counts say. */
function readBatch(batch: Buffer, records: FetchedRecord[]): boolean {
  const isStamped = (batch.readInt16BE(place.attributes) & logAppendTime) !== 0;
  const start: BatchStart = {
    offset: readInt64(batch, 0),
    timestampMs: readInt64(batch, place.firstTimestamp),
    appendedAtMs: isStamped ? readInt64(batch, place.maxTimestamp) : 0,
  };
  const cursor = new RecordCursor(batch, place.records);
  for (let left = batch.readInt32BE(place.count); left > 0; left -= 1) {
    const length = cursor.varint();
    const end = cursor.at + length;
    if (length < 0 || end > batch.length) return false;
    records.push(new FetchedRecord(cursor, start));
    if (cursor.at > end) return false;
    cursor.at = end;
  }
  return true;
}

/** Exact up to 53 bits. */
function readInt64(bytes: Buffer, at: number): number {
  return bytes.readInt32BE(at) * 2 ** 32 + bytes.readUInt32BE(at + 4);
}
