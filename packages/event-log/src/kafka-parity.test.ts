import { partitionOf } from '@carillon/protocol';
import fc from 'fast-check';
import { Partitioners, type PartitionMetadata } from 'kafkajs';
import { expect, test } from 'vitest';

const metadata = (count: number): PartitionMetadata[] =>
  Array.from({ length: count }, (_, partitionId) => ({ partitionErrorCode: 0, partitionId, leader: 1, replicas: [1], isr: [1] }));

test("[R1] a user's partition is the one that Kafka's own client computes for this key", () => {
  const kafkas = Partitioners.DefaultPartitioner();
  const keys = fc.oneof(
    fc.string({ minLength: 1, maxLength: 128 }),
    fc.string({ unit: 'grapheme', minLength: 1, maxLength: 40 }),
    fc.uuid(),
  );
  fc.assert(
    fc.property(keys, fc.constantFrom(1, 3, 16, 64, 100), (key, count) => {
      const theirs = kafkas({ topic: 't', partitionMetadata: metadata(count), message: { key, value: null } });
      expect(partitionOf(key, count)).toBe(theirs);
    }),
    { numRuns: 2_000 },
  );
});
