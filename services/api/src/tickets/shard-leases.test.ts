import type { LiveLease } from '@carillon/presence';
import { AppError } from '@carillon/protocol';
import { silentLogger } from '@carillon/runtime';
import { expect, test } from 'vitest';
import { ManualClock } from '../manual-clock.fixture.ts';
import { ShardLeases } from './shard-leases.ts';

const lease: LiveLease = { shardId: 'a', epoch: 1, url: 'ws://a', state: 'active', connections: 0, partitions: [], ageMs: 0 };

function setUp() {
  const clock = new ManualClock();
  const presence = { reads: 0, isAway: false, leases: [lease], readLeases: async () => [lease] };
  presence.readLeases = async () => {
    presence.reads += 1;
    if (presence.isAway) throw new Error('away');
    return presence.leases;
  };
  return { clock, presence, leases: new ShardLeases({ presence, clock, logger: silentLogger }) };
}

test('leases are read once a second, however many ask', async () => {
  const { clock, presence, leases } = setUp();
  await Promise.all([leases.current(), leases.current(), leases.current()]);
  expect(presence.reads).toBe(1);
  clock.advance(999);
  await leases.current();
  expect(presence.reads).toBe(1);
  clock.advance(1);
  await Promise.all([leases.current(), leases.current()]);
  expect(presence.reads).toBe(2);
});

test('[R5] without tickets leases are read too, every 5 s, and no more after the end', async () => {
  const { clock, presence, leases } = setUp();
  leases.start();
  presence.isAway = true;
  clock.advance(5_000);
  await expect.poll(() => presence.reads).toBe(1);
  presence.isAway = false;
  clock.advance(5_000);
  await expect.poll(() => presence.reads).toBe(2);
  leases[Symbol.dispose]();
  clock.advance(60_000);
  expect(presence.reads).toBe(2);
});

test('while the presence is away, what it told last is served', async () => {
  const { clock, presence, leases } = setUp();
  await leases.current();
  presence.isAway = true;
  clock.advance(60_000);
  expect(await leases.current()).toEqual([lease]);
  await leases.current();
  expect(presence.reads).toBe(2);
  presence.isAway = false;
  clock.advance(1_000);
  await leases.current();
  expect(presence.reads).toBe(3);
});

test('a presence that was never heard is `unavailable`, and asked again', async () => {
  const { presence, leases } = setUp();
  presence.isAway = true;
  const refused = leases.current().catch((error: unknown) => (error instanceof AppError ? error.code : error));
  expect(await refused).toBe('unavailable');
  presence.isAway = false;
  expect(await leases.current()).toEqual([lease]);
});

test('[R5] a shard whose lease is gone is remembered for 10 minutes, as it was seen last', async () => {
  const { clock, presence, leases } = setUp();
  await leases.current();
  const read = async (now: LiveLease[], afterMs: number) => {
    presence.leases = now;
    clock.advance(afterMs);
    return { live: await leases.current(), remembered: leases.remembered() };
  };
  expect(await read([{ ...lease, ageMs: 9_000 }], 9_000)).toEqual({ live: [{ ...lease, ageMs: 9_000 }], remembered: [lease] });
  expect(await read([], 600_000)).toEqual({ live: [], remembered: [lease] });
  expect(await read([], 1)).toEqual({ live: [], remembered: [lease] });
  expect(await read([], 1_000)).toEqual({ live: [], remembered: [] });
  const draining: LiveLease = { ...lease, state: 'draining' };
  await read([draining], 1_000);
  expect((await read([], 1_000)).remembered).toEqual([draining]);
});
