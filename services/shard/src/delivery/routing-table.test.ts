import { type ShardToken, shardToken } from '@carillon/presence';
import { silentLogger } from '@carillon/runtime';
import { beforeEach, describe, expect, test } from 'vitest';
import type { Notice } from '../inbox/inbox.ts';
import { FaultyPresence, ManualClock } from '../presence/faulty.fixture.ts';
import { RoutingTable } from './routing-table.ts';

const self = shardToken('self', 10);

function notice(kind: Notice['kind'], userId: string, holder: ShardToken, partition = 1): Notice {
  return { kind, partition, userId, holder, ackId: null };
}

describe('routing table', () => {
  let clock: ManualClock;
  let presence: FaultyPresence;
  let table: RoutingTable;
  let unrouted: number[];
  let b: ShardToken;

  beforeEach(async () => {
    clock = new ManualClock();
    unrouted = [];
    presence = new FaultyPresence(clock);
    table = new RoutingTable({
      self,
      presence,
      clock,
      random: () => 0.5,
      logger: silentLogger,
      onUnrouted: (partition) => void unrouted.push(partition),
    });
    await presence.renewLease({ shardId: 'self', epoch: 10, url: '', state: 'active', connections: 0, partitions: [] });
    b = await live('b');
  });

  async function live(shardId: string): Promise<ShardToken> {
    const epoch = await presence.claimEpoch(shardId);
    await presence.renewLease({ shardId, epoch, url: '', state: 'active', connections: 0, partitions: [] });
    return shardToken(shardId, epoch);
  }

  async function assignLoaded(...partitions: number[]): Promise<void> {
    table.assign(partitions);
    await Promise.all(partitions.map((partition) => table.whenLoaded(partition)));
  }

  function holdLoads(): () => void {
    let release: (() => void) | undefined;
    presence.heldLoad = new Promise((resolve) => {
      release = resolve;
    });
    return () => {
      presence.heldLoad = undefined;
      release?.();
    };
  }

  test('[R8] an assigned partition is loaded once, and only other shards’ users are in it', async () => {
    await presence.register(1, ['ann', 'bob'], b);
    await presence.register(1, ['ann', 'eve'], self);
    table.assign([1]);
    expect(table.isLoaded(1)).toBe(false);
    await table.whenLoaded(1);
    expect(table.isLoaded(1)).toBe(true);
    expect(table.holdersOf(1, 'ann')).toEqual([b]);
    expect(table.holdersOf(1, 'eve')).toEqual([]);
    expect(table.holdersOf(1, 'nobody')).toBe(table.holdersOf(2, 'ann'));
    expect(presence.calls.filter((call) => call === 'loadPartition')).toHaveLength(1);
  });

  test('[R8] notices change it, and a user may have two holders', async () => {
    const c = await live('c');
    await assignLoaded(1);
    expect(table.apply(notice('register', 'ann', b))).toBe(true);
    table.apply(notice('register', 'ann', c));
    table.apply(notice('register', 'ann', c));
    expect(table.holdersOf(1, 'ann')).toEqual([b, c]);
    table.apply(notice('unregister', 'ann', b));
    expect(table.holdersOf(1, 'ann')).toEqual([c]);
    table.apply(notice('unregister', 'ann', c));
    expect(table.holdersOf(1, 'ann')).toEqual([]);
    table.apply(notice('register', 'ann', self));
    expect(table.holdersOf(1, 'ann')).toEqual([]);
  });

  test('[R8] notices that come during a load apply after it', async () => {
    await presence.register(1, ['ann', 'bob'], b);
    const release = holdLoads();
    table.assign([1]);
    await expect.poll(() => presence.calls.at(-1)).toBe('loadPartition');
    table.apply(notice('unregister', 'ann', b));
    table.apply(notice('register', 'eve', b));
    release();
    await table.whenLoaded(1);
    expect(['ann', 'bob', 'eve'].map((userId) => table.holdersOf(1, userId).length)).toEqual([0, 1, 1]);
  });

  test('[R4] a later life replaces the earlier one, whose late unregister changes nothing', async () => {
    await assignLoaded(1);
    const later = await live('b');
    table.apply(notice('register', 'ann', b));
    table.apply(notice('register', 'ann', later));
    table.apply(notice('unregister', 'ann', b));
    expect(table.holdersOf(1, 'ann')).toEqual([later]);
  });

  test('a lost partition is forgotten, whoever waits for it goes on, a kept one stays as it is', async () => {
    await presence.register(2, ['ann'], b);
    await assignLoaded(2);
    const release = holdLoads();
    table.assign([1, 2]);
    const waiting = table.whenLoaded(1);
    table.assign([2]);
    await waiting;
    expect(table.isAssigned(1)).toBe(false);
    expect(table.apply(notice('register', 'eve', b, 1))).toBe(false);
    expect(table.holdersOf(2, 'ann')).toEqual([b]);
    release();
    expect(presence.calls.filter((call) => call === 'loadPartition')).toHaveLength(2);
  });

  test('[R8] after a gap everything is loaded anew, and the old is used meanwhile', async () => {
    await presence.register(1, ['ann'], b);
    await assignLoaded(1);
    await presence.unregister(1, ['ann'], b);
    await presence.register(1, ['bob'], b);
    const release = holdLoads();
    table.reload();
    expect(table.isLoaded(1)).toBe(true);
    expect(table.holdersOf(1, 'ann')).toEqual([b]);
    release();
    await expect.poll(() => table.holdersOf(1, 'bob')).toEqual([b]);
    expect(table.holdersOf(1, 'ann')).toEqual([]);
  });

  test('[R8] a gap during a load starts a load that sees what the first one missed', async () => {
    const release = holdLoads();
    table.assign([1]);
    await expect.poll(() => presence.calls.at(-1)).toBe('loadPartition');
    await presence.register(1, ['ann'], b);
    table.reload();
    release();
    await expect.poll(() => table.holdersOf(1, 'ann')).toEqual([b]);
  });

  test('[R5] with presence away a partition counts as loaded, is unrouted, takes notices, and loads later', async () => {
    await presence.register(1, ['ann'], b);
    presence.isAway = true;
    await assignLoaded(1);
    expect([table.isLoaded(1), table.isUnrouted(1), table.holdersOf(1, 'ann')]).toEqual([true, true, []]);
    table.apply(notice('register', 'eve', b));
    expect(table.holdersOf(1, 'eve')).toEqual([b]);
    presence.isAway = false;
    await presence.register(1, ['eve'], b);
    await expect.poll(() => clock.sleeping).toBe(1);
    clock.advance(2_000);
    await expect.poll(() => table.holdersOf(1, 'ann')).toEqual([b]);
    expect([table.isUnrouted(1), table.holdersOf(1, 'eve')]).toEqual([false, [b]]);
  });

  test('[R3] a holder whose lease is missing twice, and who said nothing in between, is forgotten', async () => {
    const [c, d] = [await live('c'), await live('d')];
    await assignLoaded(1);
    for (const [userId, holder] of [
      ['ann', b],
      ['bob', c],
      ['eve', d],
    ] as const)
      table.apply(notice('register', userId, holder));
    table.dropDead(new Set([d]));
    expect(table.holdersOf(1, 'ann')).toEqual([b]);
    table.apply(notice('register', 'dan', c));
    table.dropDead(new Set([d]));
    expect(['ann', 'bob', 'dan', 'eve'].map((userId) => table.holdersOf(1, userId))).toEqual([[], [c], [c], [d]]);
  });

  test('many partitions load, a few at a time', async () => {
    const partitions = Array.from({ length: 64 }, (_, i) => i);
    for (const partition of partitions) await presence.register(partition, ['ann'], b);
    const release = holdLoads();
    table.assign(partitions);
    await expect.poll(() => presence.calls.filter((call) => call === 'loadPartition').length).toBe(8);
    release();
    await Promise.all(partitions.map((partition) => table.whenLoaded(partition)));
    expect(partitions.every((partition) => table.holdersOf(partition, 'ann').length === 1)).toBe(true);
  });
});
