import fc from 'fast-check';
import { expect, test } from 'vitest';
import { CommitTracker } from './commit-tracker.ts';

/** Gaps between offsets, and the order in which the records are finished, mixed with the handing over. */
const runs = fc.record({
  start: fc.nat(1_000),
  gaps: fc.array(fc.integer({ min: 1, max: 4 }), { maxLength: 60 }),
  steps: fc.array(fc.record({ hands: fc.boolean(), pick: fc.nat(1_000), again: fc.boolean() }), { maxLength: 200 }),
});

test('[D9] the position never passes an unfinished record and never moves back, whatever the order of the finishes', () => {
  fc.assert(
    fc.property(runs, ({ start, gaps, steps }) => {
      const tracker = new CommitTracker(start);
      const unfinished = new Set<number>();
      const finished: number[] = [];
      let [next, position] = [start, start];
      for (const { hands, pick, again } of steps) {
        const gap = gaps[finished.length + unfinished.size];
        if (hands && gap !== undefined) {
          tracker.hand(next + gap - 1);
          unfinished.add(next + gap - 1);
          next += gap;
        } else if (unfinished.size > 0) {
          const offset = [...unfinished][pick % unfinished.size] ?? 0;
          tracker.finish(offset);
          unfinished.delete(offset);
          finished.push(offset);
        }
        if (again && finished.length > 0) tracker.finish(finished[pick % finished.length] ?? 0);
        expect(tracker.position).toBe(unfinished.size > 0 ? Math.min(...unfinished) : next);
        expect(tracker.position).toBeGreaterThanOrEqual(position);
        expect(tracker.next).toBe(next);
        expect(tracker.unfinished).toBe(unfinished.size);
        position = tracker.position;
      }
    }),
  );
});

test('[D9] a finish outside of what was handed over changes nothing', () => {
  const tracker = new CommitTracker(10);
  for (const offset of [3, 10, 11]) tracker.finish(offset);
  tracker.hand(12);
  tracker.finish(3);
  tracker.finish(13);
  expect(tracker.position).toBe(12);
  tracker.finish(12);
  expect(tracker.position).toBe(13);
});

test('[D9] a long run keeps its place while its finished part is dropped', () => {
  const tracker = new CommitTracker(0);
  for (let offset = 0; offset < 20_000; offset += 1) {
    tracker.hand(offset);
    if (offset > 100) tracker.finish(offset - 100);
  }
  expect(tracker.position).toBe(0);
  tracker.finish(0);
  expect(tracker.position).toBe(19_900);
  expect(tracker.unfinished).toBe(100);
});
