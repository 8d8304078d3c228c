import { silentLogger, systemClock } from '@carillon/runtime';
import { expect, test } from 'vitest';
import { BucketNotifier } from './bucket-notifier.ts';
import { WakeUp } from './wake-up.ts';

const never = new AbortController().signal;

test('a wake-up ends the wait at once, also one that came before it', async () => {
  const wakeUp = new WakeUp(systemClock);
  const waiting = wakeUp.wait(60_000, never);
  wakeUp.wake();
  await waiting;
  await wakeUp.wait(60_000, never);
  wakeUp.clear();
  const stop = new AbortController();
  const stopped = wakeUp.wait(60_000, stop.signal);
  stop.abort();
  await stopped;
});

test('notifications of a process are coalesced to at most one per 10 ms', async () => {
  const sent: { buckets: number[]; atMs: number }[] = [];
  const notify = async (buckets: number[]) => {
    sent.push({ buckets, atMs: performance.now() });
  };
  using notifier = new BucketNotifier({ notify, clock: systemClock, logger: silentLogger });
  for (let i = 0; i < 100; i++) notifier.add(i % 3);
  await expect.poll(() => sent).toHaveLength(2);
  expect(sent.map(({ buckets }) => buckets.toSorted())).toEqual([[0], [0, 1, 2]]);
  expect((sent[1]?.atMs ?? 0) - (sent[0]?.atMs ?? 0)).toBeGreaterThanOrEqual(9);
});

test('a failed notification is dropped, and the next one is sent', async () => {
  let calls = 0;
  const notify = async () => {
    calls += 1;
    if (calls === 1) throw new Error('no connection');
  };
  using notifier = new BucketNotifier({ notify, clock: systemClock, logger: silentLogger });
  notifier.add(1);
  await expect
    .poll(() => {
      notifier.add(2);
      return calls;
    })
    .toBeGreaterThan(1);
});
