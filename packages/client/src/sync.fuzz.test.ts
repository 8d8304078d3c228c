import fc from 'fast-check';
import { expect, test } from 'vitest';
import { FuzzClient } from './fuzz-client.fixture.ts';

/*
 * Any interleaving of events, snapshots, duplicates, reorders, losses, reconnects, collapses to watermark, removals, rejoins,
 * late pages and optimistic sends: every view that is shown on the way is the chat at one `seq`, and at rest it is what the
 * server would answer now. The seed is fixed here; `CARILLON_FUZZ_SEED` and `CARILLON_FUZZ_RUNS` look for more.
 */
const seed = Number(process.env['CARILLON_FUZZ_SEED'] ?? 20_251_125);
const numRuns = Number(process.env['CARILLON_FUZZ_RUNS'] ?? 20_000);
const operations = fc.array(fc.tuple(fc.nat(99), fc.nat(7), fc.nat(7)), { minLength: 10, maxLength: 70, size: 'max' });

test('[C1] [C4] [C5] [C11] whatever the network does, every view is a gap-free prefix and ends as a fresh snapshot', {
  timeout: 300_000,
}, () => {
  fc.assert(
    fc.property(operations, (steps) => {
      const client = new FuzzClient();
      for (const step of steps) client.run(step);
      client.settle();
      client.expectFresh();
    }),
    { seed, numRuns },
  );
});

test('the fuzz sees what it is for: holes, rejoins, endings, late pages, watermarks, settled sends', () => {
  const seen = new Set<string>();
  for (const steps of fc.sample(operations, { seed, numRuns: 3_000 })) {
    const client = new FuzzClient();
    for (const step of steps) client.run(step);
    client.settle();
    for (const name of client.seen) seen.add(name);
  }
  expect([...seen].sort()).toEqual([...FuzzClient.worthSeeing].sort());
});
