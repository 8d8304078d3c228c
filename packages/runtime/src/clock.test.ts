import { expect, test } from 'vitest';
import { fullJitterMs } from './backoff.ts';
import { systemClock } from './clock.ts';
import { DeadlineError, withDeadline } from './deadline.ts';

test('a sleep ends at once with the reason of its signal', async () => {
  const controller = new AbortController();
  const sleeping = systemClock.sleep(60_000, controller.signal);
  controller.abort(new Error('enough'));
  await expect(sleeping).rejects.toThrow('enough');
  await expect(systemClock.sleep(60_000, controller.signal)).rejects.toThrow('enough');
});

test('a wait has a deadline that names what was waited for', async () => {
  await expect(withDeadline(new Promise(() => undefined), 5, 'the answer')).rejects.toThrow(new DeadlineError('the answer', 5));
  await expect(withDeadline(Promise.resolve(7), 60_000, 'the answer')).resolves.toBe(7);
});

test('the backoff is uniform between 0 and its doubling, capped limit', () => {
  const limits = { baseMs: 500, capMs: 30_000 };
  expect(fullJitterMs(0, limits, () => 1)).toBe(500);
  expect(fullJitterMs(3, limits, () => 0.5)).toBe(2_000);
  expect(fullJitterMs(50, limits, () => 1)).toBe(30_000);
  expect(fullJitterMs(50, limits, () => 0)).toBe(0);
});
