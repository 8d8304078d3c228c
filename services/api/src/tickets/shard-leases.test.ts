import type { LiveLease } from '@carillon/presence';
import { AppError } from '@carillon/protocol';
import { silentLogger } from '@carillon/runtime';
import { expect, test } from 'vitest';
import { ManualClock } from '../manual-clock.fixture.ts';
import { ShardLeases } from './shard-leases.ts';

const lease: LiveLease = { shardId: 'a', epoch: 1, url: 'ws://a', state: 'active', connections: 0, partitions: [], ageMs: 0 };

function setUp() {
  const clock = new ManualClock();
  const presence = { reads: 0, isAway: false, readLeases: async () => [lease] };
  presence.readLeases = async () => {
    presence.reads += 1;
    if (presence.isAway) throw new Error('away');
    return [lease];
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
