import { expect, test } from 'vitest';
import { median, type Row, ratios, reachesAim, verdictOf } from './row.ts';

const row = (samples: number[], goal: Row['goal'], faults: string[] = []): Row => ({ label: 'a: b', unit: '×', samples, goal, faults });
const atMost = { direction: 'atMost', mustReach: 1.5, aim: 1.1 } as const;
const atLeast = { direction: 'atLeast', mustReach: 3, aim: 5 } as const;

test.each([
  { values: [3], expected: 3 },
  { values: [10, 9, 1], expected: 9 },
  { values: [4, 1, 2, 3], expected: 2.5 },
])('the median of $values is $expected', ({ values, expected }) => {
  expect(median(values)).toBe(expected);
});

test('a ratio is that of runs side by side, not of medians', () => {
  expect(ratios([2, 30, 8], [1, 10, 2])).toEqual([2, 3, 4]);
  expect(() => ratios([1], [1, 2])).toThrow(RangeError);
});

test.each([
  { samples: [1.5], goal: atMost, verdict: 'reached', aim: false },
  { samples: [9, 1.1, 1], goal: atMost, verdict: 'reached', aim: true },
  { samples: [1.51], goal: atMost, verdict: 'missed', aim: false },
  { samples: [3], goal: atLeast, verdict: 'reached', aim: false },
  { samples: [5], goal: atLeast, verdict: 'reached', aim: true },
  { samples: [2.99], goal: atLeast, verdict: 'missed', aim: false },
])('$samples against $goal.direction $goal.mustReach: $verdict', ({ samples, goal, verdict, aim }) => {
  expect(verdictOf(row(samples, goal))).toBe(verdict);
  expect(reachesAim(row(samples, goal))).toBe(aim);
});

test('nothing is reached by a run with a fault, or without a value', () => {
  for (const void_ of [
    row([1], atMost, ['lost']),
    row([], atMost),
    row([Number.NaN, 1], atMost),
    row([Number.POSITIVE_INFINITY], atLeast),
  ]) {
    expect(verdictOf(void_)).toBe('INVALID');
    expect(reachesAim(void_)).toBe(false);
  }
});
