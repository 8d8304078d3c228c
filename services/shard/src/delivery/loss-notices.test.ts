import type { LiveLease } from '@carillon/presence';
import { silentLogger } from '@carillon/runtime';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ManualClock } from '../presence/faulty.fixture.ts';
import type { ForwardResult } from './forwarder.ts';
import { LossNotices } from './loss-notices.ts';

const lease = (shardId: string): LiveLease => ({
  ...{ shardId, epoch: 1, url: '', state: 'active', connections: 0, partitions: [], ageMs: 0 },
});

describe('loss notices', () => {
  let clock: ManualClock;
  let leases: LiveLease[] | undefined;
  let isDown: boolean;
  let unrouted: Set<number>;
  let results: Map<string, ForwardResult>;
  let told: string[];
  let duringForward: () => void;
  let notices: LossNotices;

  beforeEach(() => {
    clock = new ManualClock();
    leases = [lease('self'), lease('a'), lease('b')];
    isDown = false;
    unrouted = new Set();
    results = new Map();
    told = [];
    duringForward = () => undefined;
    notices = new LossNotices({
      self: 'self@1',
      leases: { read: async () => leases ?? Promise.reject(new Error('the registry is away')) },
      routes: { isUnrouted: (partition) => unrouted.has(partition) },
      forwarder: {
        isDown: () => isDown,
        forward: async (to, item) => {
          duringForward();
          told.push(item.kind === 'lost' ? `${to} ${item.partitions.join()}` : `${to} ${item.kind}`);
          return results.get(to) ?? 'sent';
        },
      },
      ...{ clock, random: () => 0.5, logger: silentLogger },
    });
  });
  afterEach(() => notices[Symbol.dispose]());

  async function pass(): Promise<void> {
    await expect.poll(() => clock.sleeping, { interval: 1 }).toBe(1);
    clock.advance(500);
    for (let turn = 0; turn < 20; turn += 1) await Promise.resolve();
  }

  test('[R11] every other live shard is told once of all partitions; then nothing runs', async () => {
    for (const partition of [3, 5, 3]) notices.add(partition);
    expect(notices.size).toBe(2);
    await pass();
    expect(told.sort()).toEqual(['a@1 3,5', 'b@1 3,5']);
    expect([notices.size, clock.sleeping]).toEqual([0, 0]);
  });

  test('[R11] told again to all until every inbox took it; one that is gone needs no word', async () => {
    results = new Map([
      ['a@1', 'failed'],
      ['b@1', 'gone'],
    ]);
    notices.add(3);
    await pass();
    await pass();
    expect(notices.size).toBe(1);
    results.clear();
    await pass();
    expect(told.filter((line) => line === 'a@1 3')).toHaveLength(3);
    expect(notices.size).toBe(0);
  });

  test('[R11] waits while the registry is away, the inboxes are down, or the partition still loses', async () => {
    leases = undefined;
    notices.add(3);
    await pass();
    leases = [lease('a')];
    isDown = true;
    await pass();
    isDown = false;
    unrouted.add(3);
    notices.add(4);
    await pass();
    expect(told).toEqual(['a@1 4']);
    unrouted.delete(3);
    await pass();
    expect(told).toEqual(['a@1 4', 'a@1 3']);
  });

  test('[R13] a farewell is said to all, but not with a loss untold', async () => {
    await notices.sayFarewell();
    expect(told.splice(0)).toEqual(['a@1 farewell', 'b@1 farewell']);
    notices.add(3);
    await notices.sayFarewell();
    expect(told).toEqual([]);
  });

  test('[R11] what is lost while it is told is told again', async () => {
    duringForward = () => notices.add(3);
    notices.add(3);
    await pass();
    expect(notices.size).toBe(1);
    duringForward = () => undefined;
    await pass();
    expect(told).toHaveLength(4);
    expect(notices.size).toBe(0);
  });
});
