import { signalFrameSchema } from '@carillon/protocol';
import type { Clock } from '@carillon/runtime';
import { expect, test } from 'vitest';
import { SignalSender } from './signal-sender.ts';

/** Only the time that a test sets. */
function clockAt(time: { nowMs: number }): Clock {
  return {
    nowMs: () => time.nowMs,
    monotonicMs: () => time.nowMs,
    sleep: () => Promise.resolve(),
    every: () => ({ [Symbol.dispose]: () => undefined }),
  };
}

const read = (messageNo: number, userId = 'ada', recipients = [userId]) => ({
  chatId: '0197f3a0-0000-7000-8000-000000000000',
  userId,
  messageNo,
  recipients,
});
const taken = (sender: SignalSender) => sender.take(8).map(({ record }) => signalFrameSchema.parse(JSON.parse(record.value.toString())));

test('[P11] at most one signal leaves per user, chat and second; the newest of several leaves at its end', () => {
  const time = { nowMs: 0 };
  const sender = new SignalSender(clockAt(time));
  sender.sendRead(read(1));
  expect(taken(sender).map((frame) => frame.message_no)).toEqual([1]);
  sender.sendRead(read(2));
  sender.sendRead(read(4));
  sender.sendRead(read(3));
  sender.sendRead(read(9, 'bob'));
  expect(taken(sender).map((frame) => frame.user_id)).toEqual(['bob']);
  time.nowMs = 999;
  expect(taken(sender)).toEqual([]);
  time.nowMs = 1_000;
  expect(taken(sender).map((frame) => frame.message_no)).toEqual([4]);
});

test('a signal goes to each recipient once, and wakes the relay', () => {
  const sender = new SignalSender(clockAt({ nowMs: 0 }));
  let wakes = 0;
  sender.listen(() => {
    wakes += 1;
  });
  sender.sendRead(read(1, 'ada', ['ada', 'bob', 'ada']));
  const records = sender.take(8).map(({ record }) => record);
  expect(records.flatMap((record) => record.recipients).toSorted()).toEqual(['ada', 'bob']);
  expect(records.every((record) => record.seq === 0 && record.event === 'signal.read')).toBe(true);
  expect(wakes).toBe(1);
});

test('what waits is bounded in number and age', () => {
  const time = { nowMs: 0 };
  const sender = new SignalSender(clockAt(time));
  for (let i = 0; i < 5_000; i++) sender.sendRead(read(1, `user-${i}`));
  expect(taken(sender)).toHaveLength(1_000);
  sender.sendRead(read(1, 'late'));
  time.nowMs = 5_001;
  expect(taken(sender)).toEqual([]);
});
