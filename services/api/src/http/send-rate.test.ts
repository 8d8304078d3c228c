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

test('[H13] a user sends up to the quota, then again 10 s after the first message', async () => {
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

test('[H13] each process counts by itself', async () => {
  const [one, other] = [new SendRate(1), new SendRate(1)];
  await one.consume('alice');
  expect(await refusal(one, 'alice')).toEqual(['rate_limited', 10]);
  expect(await refusal(other, 'alice')).toBeUndefined();
});

test('0 is no limit, and says nothing', async () => {
  const rate = new SendRate(0);
  for (let count = 0; count < 1000; count += 1) expect(await rate.consume('alice')).toEqual({});
});
