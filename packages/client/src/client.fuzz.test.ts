import fc from 'fast-check';
import { expect, test } from 'vitest';
import { FuzzWorld, type Step } from './fuzz-world.fixture.ts';

/*
 * The whole client on a manual clock: drops with every close code, frozen sockets, slow, lost and refused answers with advice,
 * tickets that fail, handovers, frames lost, what is missed replayed or not. At every moment the view has no gap, there are no two
 * connections but for a handover, and timers and requests are few; when the network is healed the client is live and shows what
 * the server has. The seed is fixed here; `CARILLON_FUZZ_SEED` and `CARILLON_FUZZ_RUNS` look for more.
 */
const seed = Number(process.env['CARILLON_FUZZ_SEED'] ?? 20_261_125);
const numRuns = Number(process.env['CARILLON_FUZZ_RUNS'] ?? 300);
const histories = fc.tuple(
  fc.nat(2 ** 31),
  fc.array(fc.tuple(fc.nat(99), fc.nat(99), fc.nat(7)), { minLength: 5, maxLength: 40, size: 'max' }),
);
const seen = new Set<string>();

test('[C4] [C6] [C8] [C17] whatever connections, tickets and answers do, the client comes back to what the server has', {
  timeout: 300_000,
}, async () => {
  await fc.assert(fc.asyncProperty(histories, play), { seed, numRuns });
  expect([...seen].filter((name) => FuzzWorld.worthSeeing.includes(name)).sort()).toEqual([...FuzzWorld.worthSeeing].sort());
});

async function play([chance, steps]: readonly [number, readonly Step[]]): Promise<void> {
  const world = new FuzzWorld(chance);
  for (const step of steps) await world.run(step);
  await world.settle();
  for (const name of world.seen) seen.add(name);
}
