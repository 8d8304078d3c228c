import { AppError } from '@carillon/protocol';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { SendRate } from './send-rate.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const refusal = (rate: SendRate, userId: string) =>
  rate.consume(userId).then(
    () => undefined,
    (error: unknown) => (error instanceof AppError ? [error.code, error.retryAfterSeconds] : error),
  );

test('a user sends up to the quota, then again in the next window', async () => {
  const rate = new SendRate(2);
  expect(await rate.consume('alice')).toEqual({ 'ratelimit-policy': '"send";q=2;w=10', ratelimit: '"send";r=1;t=10' });
  vi.advanceTimersByTime(3_500);
  expect(await rate.consume('alice')).toMatchObject({ ratelimit: '"send";r=0;t=7' });
  expect(await refusal(rate, 'alice')).toEqual(['rate_limited', 7]);
  expect(await rate.consume('bob')).toMatchObject({ ratelimit: '"send";r=1;t=10' });
  vi.advanceTimersByTime(6_501);
  expect(await rate.consume('alice')).toMatchObject({ ratelimit: '"send";r=1;t=10' });
});

test('refused tries do not lengthen the window', async () => {
  const rate = new SendRate(1);
  await rate.consume('alice');
  for (let second = 0; second < 9; second += 1) {
    vi.advanceTimersByTime(1_000);
    expect(await refusal(rate, 'alice')).toEqual(['rate_limited', 9 - second]);
  }
  vi.advanceTimersByTime(1_001);
  expect(await refusal(rate, 'alice')).toBeUndefined();
});

test('0 is no limit, and says nothing', async () => {
  const rate = new SendRate(0);
  for (let count = 0; count < 1000; count += 1) expect(await rate.consume('alice')).toEqual({});
});
