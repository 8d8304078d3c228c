const seed = 0x9747b28c;
const m = 0x5bd1e995;
const utf8 = new TextEncoder();

/** MurmurHash2, 32 bits, as Kafka's Java client computes it (`org.apache.kafka.common.utils.Utils.murmur2`). */
export function murmur2(data: Uint8Array): number {
  const length = data.length;
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
  return (murmur2(utf8.encode(userId)) & 0x7fffffff) % partitions;
}

function byte(data: Uint8Array, index: number): number {
  return data[index] ?? 0;
}
