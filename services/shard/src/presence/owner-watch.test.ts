import { type LiveLease, shardToken } from '@carillon/presence';
import { beforeEach, describe, expect, test } from 'vitest';
import { ManualClock } from './faulty.fixture.ts';
import { OwnerWatch } from './owner-watch.ts';

function lease(shardId: string, ...partitions: number[]): LiveLease {
  return { shardId, epoch: 1, url: '', state: 'active', connections: 0, partitions, ageMs: 0 };
}

describe('an owner watch', () => {
  let clock: ManualClock;
  let watch: OwnerWatch;

  beforeEach(() => {
    clock = new ManualClock();
    watch = new OwnerWatch(shardToken('self', 1), clock);
    watch.observe([lease('self', 1), lease('a', 2, 3), lease('b', 4)]);
  });

  const orphaned = (...leases: LiveLease[]) => [...watch.observe(leases)].sort();

  test('[R13] an end without a farewell orphans what the owner had, once', () => {
    expect(orphaned(lease('self', 1, 2, 3), lease('b', 4))).toEqual([2, 3]);
    expect(orphaned(lease('self', 1, 2, 3), lease('b', 4))).toEqual([]);
  });

  test('[R13] after a farewell nothing is orphaned; another life of that shard says its own', () => {
    watch.noteFarewell('a@1');
    expect(orphaned(lease('b', 4), { ...lease('a', 2), epoch: 2 })).toEqual([]);
    expect(orphaned(lease('b', 4))).toEqual([2]);
  });

  test('[R13] what the owner had given up shortly before is suspected too, what it gave up long ago is not', () => {
    clock.advance(20_000);
    watch.observe([lease('self', 1), lease('a', 3), lease('b', 4)]);
    clock.advance(20_000);
    watch.observe([lease('self', 1), lease('a'), lease('b', 4)]);
    clock.advance(100_000);
    expect(orphaned(lease('self', 1), lease('b', 4))).toEqual([3]);
  });

  test('[R13] the end of the own lease says nothing', () => {
    expect(orphaned(lease('a', 2, 3), lease('b', 4))).toEqual([]);
  });
});
