import { expect, test } from 'vitest';
import type { Way } from './demo-api.ts';
import { stagesOf, totalMs } from './stages.ts';

const way: Way = {
  ...{ chat_id: 'c', seq: 1, event: 'message.created', partition: 3, offset: 7, readings: 1, shard_id: 'one' },
  ...{ committed_at: 1_004, relayed_at: 1_005, appended_at: 1_007, received_at: 1_010, delivered_at: 1_010 },
};

test('[E4] a way is cut into its stages, as far as it has come', () => {
  const arrival = { sentAtMs: 1_000, atMs: 1_012, by: 'push' } as const;
  expect(stagesOf(way, arrival).map(({ ms }) => ms)).toEqual([4, 3, 3, 2]);
  expect(totalMs(way, arrival)).toBe(12);
  expect(stagesOf({ ...way, received_at: null }, { atMs: 1_002 }).map(({ ms }) => ms)).toEqual([undefined, 3, undefined, undefined]);
  expect(totalMs(way, { atMs: 1_009 })).toBe(5);
  expect(totalMs(way, undefined)).toBeUndefined();
  expect(stagesOf(way, { atMs: 1_009, by: 'http' }).at(-1)?.ms).toBe(0);
});
