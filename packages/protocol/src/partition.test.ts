import { expect, test } from 'vitest';
import { murmur2, partitionOf } from './partition.ts';

/** The vectors of Kafka's own test (`UtilsTest.testMurmur2`). */
const vectors: [string, number][] = [
  ['21', -973932308],
  ['foobar', -790332482],
  ['a-little-bit-long-string', -985981536],
  ['a-little-bit-longer-string', -1486304829],
  ['lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8', -58897971],
  ['abc', 479470107],
];

test.each(vectors)('[R1] murmur2 of %s is what Kafka computes', (text, hash) => {
  expect(murmur2(new TextEncoder().encode(text))).toBe(hash);
});

test('[R1] a user always has the same partition, inside the range', () => {
  for (let user = 0; user < 1000; user += 1) {
    const partition = partitionOf(`user-${user}`, 64);
    expect(partition).toBe(partitionOf(`user-${user}`, 64));
    expect(partition).toBeGreaterThanOrEqual(0);
    expect(partition).toBeLessThan(64);
  }
});

test('[R1] an id of any length and any characters is hashed as its UTF-8, whatever was hashed before it', () => {
  for (const id of ['a'.repeat(128), 'ab', '\u20ac'.repeat(128), '\u{1f600}x', 'b'.repeat(129), '', 'c'.repeat(4096), 'abc']) {
    expect(partitionOf(id, 1000)).toBe((murmur2(new TextEncoder().encode(id)) & 0x7fffffff) % 1000);
  }
});
