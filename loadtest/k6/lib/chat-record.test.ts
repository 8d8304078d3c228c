import { expect, test } from 'vitest';
import { ChatRecord } from './chat-record.ts';

test('[T1] an event counts once: new, late into its hole, or seen already', () => {
  const record = new ChatRecord(3);
  expect([4, 6, 7, 5, 5, 6].map((seq) => record.see(seq))).toEqual(['new', 'new', 'new', 'late', 'seen', 'seen']);
  expect([record.top, record.holes, record.missing(7)]).toEqual([7, 0, 0]);
});

test('[T1] what never came is missing: holes, and what lies beyond the last one seen', () => {
  const record = new ChatRecord(0);
  for (const seq of [1, 4, 5]) record.see(seq);
  expect([record.completeUpTo, record.holes, record.missing(5), record.missing(8), record.missing(2)]).toEqual([1, 2, 2, 5, 1]);
});

test('[T1] a snapshot fills holes and what it is ahead by, once', () => {
  const record = new ChatRecord(0);
  for (const seq of [1, 4]) record.see(seq);
  expect([record.seeUpTo(3), record.seeUpTo(3), record.seeUpTo(6), record.missing(6)]).toEqual([2, 0, 2, 0]);
});
