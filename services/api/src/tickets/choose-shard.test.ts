import type { LiveLease } from '@carillon/presence';
import { expect, test } from 'vitest';
import { chooseShard } from './choose-shard.ts';

const lease = (shardId: string, partitions: number[], more: Partial<LiveLease> = {}): LiveLease => ({
  shardId,
  epoch: 1,
  url: `ws://${shardId}`,
  state: 'active',
  connections: 0,
  partitions,
  ageMs: 0,
  ...more,
});

const leases = [lease('a', [0, 1], { connections: 9 }), lease('b', [2, 3], { connections: 5 }), lease('c', [], { connections: 7 })];
const choose = (partition: number | undefined, avoidShardId?: string, from = leases) =>
  chooseShard(from, { partition, avoidShardId })?.shardId;

test.each([
  ['the owner of the partition', 0, undefined, 'a'],
  ['another one than the avoided owner', 2, 'b', 'c'],
  ['the owner, when another one is to be avoided', 2, 'a', 'b'],
  ['the emptiest, when nobody owns the partition', 9, undefined, 'b'],
  ['the emptiest, while partitions are not known', undefined, undefined, 'b'],
  ['an unknown shard to avoid changes nothing', 1, 'z', 'a'],
])('[H15] a ticket leads to %s', (_, partition, avoid, shardId) => {
  expect(choose(partition, avoid)).toBe(shardId);
});

test('no ticket leads to a shard that drains or was silent for 6 s', () => {
  expect(choose(0, undefined, [lease('a', [0], { state: 'draining' }), lease('b', [])])).toBe('b');
  expect(choose(0, undefined, [lease('a', [0], { ageMs: 6_001 }), lease('b', [])])).toBe('b');
  expect(choose(0, undefined, [lease('a', [0], { ageMs: 6_000 }), lease('b', [])])).toBe('a');
  expect(choose(0, undefined, [])).toBeUndefined();
});

test('[H15] the avoided shard is better than none', () => {
  expect(choose(0, 'a', [lease('a', [0])])).toBe('a');
  expect(choose(0, 'a', [lease('a', [0]), lease('b', [], { state: 'draining' })])).toBe('a');
});
