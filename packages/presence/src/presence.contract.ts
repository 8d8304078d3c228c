import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { leaseMs, type Presence, type ShardLease, shardToken } from './presence.ts';

/** What the suite needs of an implementation: a fresh registry, and power over its time and its memory. */
export type PresenceHarness = AsyncDisposable & {
  readonly presence: Presence;
  /** Every lease gets older by this much. */
  passMs(ms: number): Promise<void>;
  /** The registry loses everything. */
  flush(): Promise<void>;
};

/** The contract of Presence; every implementation's test calls it. */
export function presenceContract(name: string, open: () => Promise<PresenceHarness>): void {
  describe(`presence contract: ${name}`, () => {
    let harness: PresenceHarness;
    let presence: Presence;

    beforeEach(async () => {
      harness = await open();
      presence = harness.presence;
    });

    afterEach(async () => harness[Symbol.asyncDispose]());

    async function live(shardId: string, change: Partial<ShardLease> = {}): Promise<ShardLease> {
      const lease = leaseOf(shardId, await presence.claimEpoch(shardId), change);
      await presence.renewLease(lease);
      return lease;
    }

    const tokenOf = (lease: ShardLease) => shardToken(lease.shardId, lease.epoch);

    test('an epoch is higher than all before it, also after the registry lost everything', async () => {
      const first = await presence.claimEpoch('s1');
      const second = await presence.claimEpoch('s1');
      // What is left after the loss is the clock: it decides as soon as it is past the last epoch, which was one ahead of it.
      await expect.poll(() => Date.now(), { interval: 1 }).toBeGreaterThan(second);
      await harness.flush();
      const third = await presence.claimEpoch('s1');
      expect(second).toBeGreaterThan(first);
      expect(third).toBeGreaterThan(second);
    });

    test('the first renewal of an epoch restores the lease, the next ones renew it', async () => {
      const lease = leaseOf('s1', await presence.claimEpoch('s1'));
      expect(await presence.renewLease(lease)).toBe('restored');
      expect(await presence.renewLease(lease)).toBe('renewed');
    });

    test('[R3] a lease that was lost or renewed too late is restored', async () => {
      const lease = await live('s1');
      await harness.flush();
      expect(await presence.renewLease(lease)).toBe('restored');
      await harness.passMs(leaseMs + 1);
      expect(await presence.renewLease(lease)).toBe('restored');
      expect(await presence.renewLease(lease)).toBe('renewed');
    });

    test('an epoch is fenced as soon as a later one is claimed, and stays fenced', async () => {
      const old = await live('s1');
      const epoch = await presence.claimEpoch('s1');
      expect(await presence.renewLease(old)).toBe('fenced');
      await presence.renewLease(leaseOf('s1', epoch));
      expect(await presence.renewLease(old)).toBe('fenced');
      expect((await presence.readLeases()).map((lease) => lease.epoch)).toEqual([epoch]);
    });

    test('an epoch that was not claimed but is later fences too', async () => {
      const old = await live('s1');
      expect(await presence.renewLease(leaseOf('s1', old.epoch + 60_000))).toBe('restored');
      expect(await presence.renewLease(old)).toBe('fenced');
      expect(await presence.claimEpoch('s1')).toBeGreaterThan(old.epoch + 60_000);
    });

    test('after a loss of everything the later life still wins within one renewal of each', async () => {
      const old = await live('s1');
      const young = await live('s1');
      await harness.flush();
      await presence.renewLease(old);
      expect(await presence.renewLease(young)).toBe('restored');
      expect(await presence.renewLease(old)).toBe('fenced');
    });

    test('leases are read back whole, with their age', async () => {
      const one = await live('s1', { state: 'draining', connections: 7, partitions: [1, 5], memberId: 'member-1' });
      await harness.passMs(5_000);
      const two = await live('s2@host');
      const leases = [...(await presence.readLeases())].sort((a, b) => a.shardId.localeCompare(b.shardId));
      expect(leases.map(({ ageMs, ...lease }) => lease)).toEqual([one, { ...two, memberId: undefined }]);
      expect(leases[0]?.ageMs).toBeGreaterThanOrEqual(5_000);
      expect(leases[0]?.ageMs).toBeLessThan(6_000);
      expect(leases[1]?.ageMs).toBeLessThan(1_000);
    });

    test('a lease is not read after its 15 s', async () => {
      await live('s1');
      await harness.passMs(leaseMs + 1);
      expect(await presence.readLeases()).toEqual([]);
    });

    test('[L5] a crashed life is its successor’s predecessor, one that was released is not', async () => {
      expect(await presence.readPredecessor('s1')).toBeUndefined();
      const lease = await live('s1', { memberId: 'member-1', partitions: [3] });
      await harness.passMs(leaseMs + 1);
      await presence.claimEpoch('s1');
      expect(await presence.readPredecessor('s1')).toEqual(lease);
      await presence.releaseLease('s1', lease.epoch);
      expect(await presence.readPredecessor('s1')).toBeUndefined();
    });

    test('releasing an old epoch leaves the new one alone', async () => {
      const old = await live('s1');
      const young = await live('s1');
      await presence.releaseLease('s1', old.epoch);
      expect((await presence.readLeases()).map((lease) => lease.epoch)).toEqual([young.epoch]);
    });

    test('a user on two shards has two tokens, each once', async () => {
      const [one, two] = [await live('s1'), await live('s2')];
      await presence.register(1, ['ann'], tokenOf(one));
      await presence.register(1, ['ann', 'bob'], tokenOf(two));
      await presence.register(1, ['ann'], tokenOf(one));
      expect(await presence.loadPartition(1)).toEqual(
        new Map([
          ['ann', expect.arrayContaining([tokenOf(one), tokenOf(two)])],
          ['bob', [tokenOf(two)]],
        ]),
      );
      expect((await presence.loadPartition(1)).get('ann')).toHaveLength(2);
      expect(await presence.loadPartition(2)).toEqual(new Map());
    });

    test('[R4] a late unregister or register of an old life changes nothing', async () => {
      const old = await live('s1');
      const young = await live('s1');
      await presence.register(1, ['ann'], tokenOf(old));
      await presence.register(1, ['ann'], tokenOf(young));
      await presence.unregister(1, ['ann'], tokenOf(old));
      await presence.register(1, ['ann'], tokenOf(old));
      expect(await presence.loadPartition(1)).toEqual(new Map([['ann', [tokenOf(young)]]]));
    });

    test('unregister removes the own token and keeps the others', async () => {
      const [one, two] = [await live('s1'), await live('s2')];
      await presence.register(1, ['ann'], tokenOf(one));
      await presence.register(1, ['ann'], tokenOf(two));
      await presence.unregister(1, ['ann', 'nobody'], tokenOf(one));
      expect(await presence.loadPartition(1)).toEqual(new Map([['ann', [tokenOf(two)]]]));
      await presence.unregister(1, ['ann'], tokenOf(two));
      expect(await presence.loadPartition(1)).toEqual(new Map());
    });

    test('[R3] entries of a dead lease do not count and are removed', async () => {
      const dead = await live('s1');
      await presence.register(1, ['ann', 'bob'], tokenOf(dead));
      await harness.passMs(leaseMs + 1);
      const alive = await live('s2');
      await presence.register(1, ['ann'], tokenOf(alive));
      expect(await presence.loadPartition(1)).toEqual(new Map([['ann', [tokenOf(alive)]]]));
      await presence.renewLease(dead);
      expect(await presence.loadPartition(1)).toEqual(new Map([['ann', [tokenOf(alive)]]]));
    });

    test('[R3] the registrations of a released or replaced life are void', async () => {
      const released = await live('s1');
      const replaced = await live('s2');
      await presence.register(1, ['ann'], tokenOf(released));
      await presence.register(1, ['bob'], tokenOf(replaced));
      await presence.releaseLease('s1', released.epoch);
      await live('s2');
      expect(await presence.loadPartition(1)).toEqual(new Map());
    });

    test('a partition of thousands of users is loaded whole', async () => {
      const lease = await live('s1');
      const userIds = Array.from({ length: 3_000 }, (_, i) => `user-${i}`);
      await presence.register(1, userIds, tokenOf(lease));
      expect([...(await presence.loadPartition(1)).keys()].sort()).toEqual([...userIds].sort());
    });
  });
}

function leaseOf(shardId: string, epoch: number, change: Partial<ShardLease> = {}): ShardLease {
  return { shardId, epoch, url: 'ws://127.0.0.1:8081', state: 'active', connections: 0, partitions: [], ...change };
}
