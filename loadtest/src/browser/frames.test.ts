import { expect, test } from 'vitest';
import { frameResult } from './frames.ts';

test('even frames are not late, and one that waits is', () => {
  const times = [...Array(100).keys()].map((number) => number * 16.7);
  const result = frameResult([...times, 99 * 16.7 + 50], { messages: 10, busySeconds: 0.2 });
  expect(result).toMatchObject({ messages: 10, frames: 100, lateShare: 0.01, busyMsPerFrame: 2 });
  expect(result.p95Ms).toBeCloseTo(16.7);
  expect(result.maxMs).toBeCloseTo(50);
});
