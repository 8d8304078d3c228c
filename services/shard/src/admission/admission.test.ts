import { systemClock } from '@carillon/runtime';
import { expect, test } from 'vitest';
import { ShardCounts } from '../metrics.ts';
import { Admission, type AdmissionOptions } from './admission.ts';

let nowMs = 0;
const create = (options: Partial<AdmissionOptions> = {}) => {
  const counts = new ShardCounts(() => undefined);
  const admission = new Admission({
    ...{ upgradeRate: 0, connectionsPerIp: 0, maxConnections: 100, isOverloaded: () => false, random: Math.random },
    clock: { ...systemClock, monotonicMs: () => nowMs },
    counts,
    ...options,
  });
  admission.open();
  return { admission, counts };
};

test('[S1] nobody comes in before the start and after the drain began', () => {
  const { admission, counts } = create();
  expect(admission.refuse('a')).toBeUndefined();
  admission.close();
  expect(admission.refuse('a')).toBeDefined();
  expect(counts.upgradesRefused).toEqual({ draining: 1 });
});

test('[S1] Retry-After is 1 to 5 s, spread', () => {
  for (const [chance, expected] of [
    [0, 1],
    [0.5, 3],
    [0.999, 5],
  ] as const) {
    const { admission } = create({ maxConnections: 0, random: () => chance });
    expect(admission.refuse('a')).toBe(expected);
  }
});

test('[S1] the rate allows a burst of twice itself, then itself per second', () => {
  const { admission } = create({ upgradeRate: 10 });
  const admitted = () => Array.from({ length: 50 }, () => admission.refuse('a')).filter((refused) => refused === undefined).length;
  expect(admitted()).toBe(20);
  expect(admitted()).toBe(0);
  nowMs += 500;
  expect(admitted()).toBe(5);
  nowMs += 60_000;
  expect(admitted()).toBe(20);
});

test('[S1] an address has its own limit, and gives back what it leaves', () => {
  const { admission, counts } = create({ connectionsPerIp: 2 });
  admission.enter('a');
  admission.enter('a');
  expect(admission.refuse('a')).toBeDefined();
  expect(admission.refuse('b')).toBeUndefined();
  admission.leave('a');
  expect(admission.refuse('a')).toBeUndefined();
  expect(counts.upgradesRefused).toEqual({ address: 1 });
});

test('[S1] an event loop that is behind takes nobody', () => {
  const { admission, counts } = create({ isOverloaded: () => true });
  expect(admission.refuse('a')).toBeDefined();
  expect(counts.upgradesRefused).toEqual({ load: 1 });
});
