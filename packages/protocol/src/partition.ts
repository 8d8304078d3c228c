const seed = 0x9747b28c;
const m = 0x5bd1e995;
const utf8 = new TextEncoder();
/** An array for each call took most of its time. A user id of 128 characters fits, whatever its characters are. */
const scratch = new Uint8Array(3 * 128);

/** MurmurHash2, 32 bits, of the first `length` bytes, as Kafka's Java client computes it (`org.apache.kafka.common.utils.Utils.murmur2`). */
export function murmur2(data: Uint8Array, length = data.length): number {
  let h = seed ^ length;
  const tail = length & ~3;
  for (let i = 0; i < tail; i += 4) {
    let k = byte(data, i) | (byte(data, i + 1) << 8) | (byte(data, i + 2) << 16) | (byte(data, i + 3) << 24);
    k = Math.imul(k, m);
    k ^= k >>> 24;
    k = Math.imul(k, m);
    h = Math.imul(h, m) ^ k;
  }
  const rest = length - tail;
  if (rest > 2) h ^= byte(data, tail + 2) << 16;
  if (rest > 1) h ^= byte(data, tail + 1) << 8;
  if (rest > 0) h = Math.imul(h ^ byte(data, tail), m);
  h ^= h >>> 13;
  h = Math.imul(h, m);
  h ^= h >>> 15;
  return h | 0;
}

/** The partition of a user among `partitions`, the one that Kafka's own clients choose for this key [R1]. */
export function partitionOf(userId: string, partitions: number): number {
  return (hashOf(userId) & 0x7fffffff) % partitions;
}

function hashOf(text: string): number {
  if (3 * text.length > scratch.length) return murmur2(utf8.encode(text));
  return murmur2(scratch, utf8.encodeInto(text, scratch).written);
}

function byte(data: Uint8Array, index: number): number {
  return data[index] ?? 0;
}
