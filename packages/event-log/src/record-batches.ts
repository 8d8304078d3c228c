import { FetchedBatch, FetchedRecord } from './fetched-record.ts';

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
function readBatch(bytes: Buffer, records: FetchedRecord[]): boolean {
  const isStamped = (bytes.readInt16BE(place.attributes) & logAppendTime) !== 0;
  const batch = new FetchedBatch(bytes, {
    offset: readInt64(bytes, 0),
    timestampMs: readInt64(bytes, place.firstTimestamp),
    appendedAtMs: isStamped ? readInt64(bytes, place.maxTimestamp) : 0,
  });
  const { cursor } = batch;
  cursor.at = place.records;
  for (let left = bytes.readInt32BE(place.count); left > 0; left -= 1) {
    const length = cursor.varint();
    const end = cursor.at + length;
    if (length < 0 || end > bytes.length) return false;
    records.push(new FetchedRecord(batch, cursor.at));
    if (cursor.at > end) return false;
    cursor.at = end;
  }
  return true;
}

/** Exact up to 53 bits. */
function readInt64(bytes: Buffer, at: number): number {
  return bytes.readInt32BE(at) * 2 ** 32 + bytes.readUInt32BE(at + 4);
}
