import { leaseMs, shardToken } from '@carillon/presence';
import { silentLogger } from '@carillon/runtime';
import { beforeEach, describe, expect, test } from 'vitest';
import { FaultyPresence, ManualClock } from './faulty.fixture.ts';
import { LeaseKeeper, type ShardStatus } from './lease-keeper.ts';

describe('lease keeper', () => {
  let clock: ManualClock;
  let presence: FaultyPresence;
  let told: string[];
  let status: ShardStatus;

  beforeEach(() => {
    clock = new ManualClock();
    presence = new FaultyPresence(clock);
    told = [];
    status = { state: 'active', connections: 0, partitions: [1], memberId: undefined };
  });

  function keeperOf(shardId = 's1'): LeaseKeeper {
    return new LeaseKeeper({
      shardId,
      url: 'ws://127.0.0.1:8081',
      presence,
      clock,
      logger: silentLogger,
      describe: () => status,
      onRenewed: () => told.push('renewed'),
      onRestored: () => told.push('restored'),
      onFenced: () => told.push('fenced'),
    });
  }

  async function started(shardId?: string): Promise<LeaseKeeper> {
    const keeper = keeperOf(shardId);
    await keeper.claim();
    await keeper.start();
    await asleep();
    return keeper;
  }

  const asleep = () => expect.poll(() => clock.sleeping).toBe(1);
  const leases = async () => (await presence.readLeases()).map(({ ageMs, epoch, ...lease }) => ({ ...lease, ageMs }));

  test('claims an epoch, announces the shard, renews every 4 s, and ends the lease', async () => {
    const keeper = keeperOf();
    const { token, predecessor } = await keeper.claim();
    expect([token, predecessor]).toEqual([shardToken('s1', 1_000_000), undefined]);
    expect(keeper.wasRenewed()).toBe(false);
    expect(await leases()).toEqual([]);
    await keeper.start();
    expect(keeper.wasRenewed()).toBe(true);
    await asleep();
    clock.advance(3_999);
    expect(await leases()).toEqual([{ shardId: 's1', url: 'ws://127.0.0.1:8081', ...status, ageMs: 3_999 }]);
    clock.advance(1);
    await expect.poll(async () => (await leases())[0]?.ageMs).toBe(0);
    expect(told).toEqual(['renewed', 'renewed']);
    await keeper.stop();
    expect(await leases()).toEqual([]);
    expect(clock.sleeping).toBe(0);
  });

  test('[L5] the life before it, when it crashed, is told', async () => {
    status = { ...status, memberId: 'member-1' };
    const first = await started();
    const { predecessor } = await keeperOf().claim();
    expect(predecessor).toMatchObject({ shardId: 's1', memberId: 'member-1', partitions: [1] });
    await first.stop();
    expect((await keeperOf().claim()).predecessor).toBeUndefined();
  });

  test('a change that comes during a renewal is told right after it', async () => {
    const keeper = await started();
    let release: (() => void) | undefined;
    presence.heldRenewal = new Promise((resolve) => {
      release = resolve;
    });
    clock.advance(4_000);
    await expect.poll(() => presence.calls.filter((call) => call === 'renewLease').length).toBe(2);
    status = { ...status, partitions: [7] };
    keeper.renewSoon();
    release?.();
    await expect.poll(async () => (await leases())[0]?.partitions).toEqual([7]);
    await keeper.stop();
  });

  test('a change is told at once', async () => {
    const keeper = await started();
    status = { ...status, partitions: [1, 2] };
    keeper.renewSoon();
    await expect.poll(async () => (await leases())[0]?.partitions).toEqual([1, 2]);
    status = { ...status, partitions: [3] };
    keeper.renewSoon();
    keeper.renewSoon();
    await expect.poll(async () => (await leases())[0]?.partitions).toEqual([3]);
    await keeper.stop();
  });

  test('a lease that was lost is restored, and that is told', async () => {
    const keeper = await started();
    presence.clear();
    clock.advance(4_000);
    await expect.poll(() => told).toEqual(['renewed', 'restored', 'renewed']);
    await keeper.stop();
  });

  test('a blocked process comes back after its lease: restored', async () => {
    const keeper = await started();
    clock.advance(leaseMs + 5_000);
    await expect.poll(() => told).toEqual(['renewed', 'restored', 'renewed']);
    await keeper.stop();
  });

  test('a later life fences it: it says so once and renews no more', async () => {
    const first = await started();
    await keeperOf().claim();
    clock.advance(4_000);
    await expect.poll(() => told).toEqual(['renewed', 'fenced']);
    const renewals = presence.calls.length;
    first.renewSoon();
    expect(clock.sleeping).toBe(0);
    await first.stop();
    expect(presence.calls.slice(renewals)).toEqual(['releaseLease']);
  });

  test('[R5] with presence away it takes its epoch from the clock, and announces itself when presence is there', async () => {
    presence.isAway = true;
    const keeper = keeperOf();
    const claimed = keeper.claim();
    for (let i = 0; i < 6; i += 1) {
      await asleep();
      clock.advance(500);
    }
    const { token } = await claimed;
    expect(token).toBe(shardToken('s1', 1_003_000));
    await keeper.start();
    expect([keeper.wasRenewed(), told]).toEqual([false, []]);
    await asleep();
    clock.advance(250);
    expect(keeper.failingForMs()).toBe(250);
    presence.isAway = false;
    clock.advance(250);
    await expect.poll(() => told).toEqual(['restored', 'renewed']);
    expect(keeper.failingForMs()).toBe(0);
    await keeper.stop();
  });

  test('with presence away it stops all the same', async () => {
    const keeper = await started();
    presence.isAway = true;
    await keeper.stop();
    expect(clock.sleeping).toBe(0);
  });
});
