import { expect, test } from 'vitest';
import { SeqTracker } from './seq-tracker.ts';

test('[E5] a hole is seen until it is filled, by a late event or by an answer that is complete beyond it', () => {
  const tracker = new SeqTracker();
  expect(tracker.isComplete(3)).toBe(0);
  expect(tracker.came(4)).toBe('new');
  expect(tracker.came(7)).toBe('new');
  expect(tracker.holes).toBe(2);
  expect(tracker.came(5)).toBe('new');
  expect(tracker.holes).toBe(1);
  expect(tracker.isComplete(8)).toBe(2);
  expect(tracker.holes).toBe(0);
  expect(tracker.came(9)).toBe('new');
  expect(tracker.isComplete(9)).toBe(0);
});

test('[E5] what comes twice is known, whichever way it came first', () => {
  const tracker = new SeqTracker();
  expect([tracker.came(5), tracker.came(5), tracker.came(4)]).toEqual(['new', 'known', 'known']);
  expect(tracker.isComplete(7)).toBe(2);
  expect([tracker.came(6), tracker.came(7), tracker.came(9), tracker.came(9)]).toEqual(['known', 'known', 'new', 'known']);
});

test('[E5] what is remembered above a hole is bounded', () => {
  const tracker = new SeqTracker();
  tracker.isComplete(0);
  for (let seq = 2; seq <= 2_002; seq += 1) tracker.came(seq);
  expect(tracker.holes).toBe(0);
});
