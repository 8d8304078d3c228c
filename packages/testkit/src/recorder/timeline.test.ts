import type { Event } from '@carillon/protocol';
import { expect, test } from 'vitest';
import { Timeline } from './timeline.ts';

const event = (seq: number): Event => ({
  ...{ type: 'event', event: 'member.removed', chat_id: 'c', seq, actor_id: 'a', at: '' },
  data: { user_id: 'a', reason: 'left', chat: Object.create(null) },
});
const seqs = (timeline: Timeline) => timeline.events.map(({ seq }) => seq);

test('what comes before the beginning is known is held; then each once, in order', () => {
  const timeline = new Timeline('c');
  expect([5, 4, 4].map((seq) => timeline.offer(event(seq)))).toEqual(['held', 'held', 'duplicate']);
  timeline.begin(3);
  expect(seqs(timeline)).toEqual([4, 5]);
  expect(timeline.offer(event(4))).toBe('duplicate');
  expect(timeline.hasHole).toBe(false);
});

test('a hole holds what is beyond it, until it is filled or told empty', () => {
  const timeline = new Timeline('c');
  timeline.begin(0);
  for (const seq of [1, 4, 7]) timeline.offer(event(seq));
  expect([seqs(timeline), timeline.hasHole]).toEqual([[1], true]);
  timeline.fill([event(2), event(3)], 3);
  expect(seqs(timeline)).toEqual([1, 2, 3, 4]);
  timeline.fill([], 6);
  expect([seqs(timeline), timeline.hasHole]).toEqual([[1, 2, 3, 4, 7], false]);
  timeline.expect(9);
  expect(timeline.hasHole).toBe(true);
});
