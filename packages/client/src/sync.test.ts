import { describe, expect, test } from 'vitest';
import { askForOlder, offerOlder, timelineOf, timelineRules } from './chat-timeline.ts';
import {
  type Delta,
  emptyReplica,
  maxHeld,
  needOf,
  offerDelta,
  offerEvent,
  offerSnapshot,
  offerWatermark,
  outdate,
  type Replica,
  type ViewRules,
} from './sync.ts';
import { ModelServer } from './testing/model-server.ts';
import type { Event } from './wire.ts';

/** The smallest view: the numbers of the events it was made of. */
const rules: ViewRules<readonly number[]> = { userId: 'me', apply: (view, event) => [...view, event.seq] };

function event(seq: number): Event {
  const server = new ModelServer('me');
  server.createChat('c', ['ann']);
  const [created] = server.pushable('c');
  if (created === undefined) throw new Error('a chat begins with an event');
  return { ...created, seq };
}

function loaded(seq: number): Replica<readonly number[]> {
  return offerSnapshot(rules, emptyReplica as Replica<readonly number[]>, { view: [], seq });
}

function delta(after: number, seqs: readonly number[], seq: number, target: number): Delta {
  return { after, events: seqs.map(event), seq, hasMore: false, target };
}

describe('one replica', () => {
  test('[C2] what is held before the snapshot is applied behind it, what is older dropped', () => {
    const before = [3, 5, 4, 6, 5].reduce(
      (replica, seq) => offerEvent(rules, replica, event(seq)),
      emptyReplica as Replica<readonly number[]>,
    );
    expect(offerSnapshot(rules, before, { view: [0], seq: 4 })).toMatchObject({ view: [0, 5, 6], seq: 6, held: [] });
  });

  test('[C3] reordered events are held in their order', () => {
    const replica = [5, 3, 4, 2].reduce((next, seq) => offerEvent(rules, next, event(seq)), loaded(1));
    expect(replica).toMatchObject({ view: [2, 3, 4, 5], seq: 5, held: [] });
  });

  test('[C3] a delta is authoritative up to its seq, whatever numbers it skips', () => {
    const replica = offerEvent(rules, loaded(3), event(9));
    expect(offerDelta(rules, replica, delta(3, [4, 7], 8, 9))).toMatchObject({ view: [4, 7], seq: 8, held: [] });
    expect(offerDelta(rules, replica, delta(3, [4, 7, 9], 9, 9))).toMatchObject({ view: [4, 7, 9], seq: 9, held: [] });
  });

  test('[C3] a delta that does not touch the view moves nothing', () => {
    const replica = offerDelta(rules, loaded(3), delta(5, [6], 6, 6));
    expect(replica).toMatchObject({ view: [], seq: 3 });
    expect(needOf(replica)).toEqual({ kind: 'delta', after: 3 });
  });

  test('[C3] what was told after a delta was asked for stays wanted', () => {
    const replica = offerWatermark(offerEvent(rules, loaded(3), event(5)), 12);
    expect(needOf(offerDelta(rules, replica, delta(3, [4, 5], 5, 5)))).toEqual({ kind: 'delta', after: 5 });
  });

  test('[C4] a server of another timeline has fewer events: what it does not know is not wanted for ever', () => {
    const replica = offerWatermark(offerEvent(rules, loaded(3), event(9)), 12);
    expect(needOf(offerDelta(rules, replica, delta(3, [], 3, 12)))).toEqual({ kind: 'nothing' });
    const reloaded = offerSnapshot(rules, outdate(loaded(20)), { view: [], seq: 7 });
    expect(reloaded).toMatchObject({ seq: 7 });
    expect(needOf(offerDelta(rules, reloaded, delta(7, [], 7, 20)))).toEqual({ kind: 'nothing' });
  });

  test('[C3] more than 500 held events are dropped, and asked for', () => {
    let replica: Replica<readonly number[]> = emptyReplica;
    for (let seq = 3; seq < 3 + maxHeld; seq += 1) replica = offerEvent(rules, replica, event(seq));
    expect(replica.held).toHaveLength(maxHeld);
    replica = offerEvent(rules, replica, event(3 + maxHeld));
    expect(replica.held).toEqual([]);
    const next = offerSnapshot(rules, replica, { view: [], seq: 400 });
    expect(needOf(next)).toEqual({ kind: 'delta', after: 400 });
  });

  test('a hole wider than 500 is a snapshot', () => {
    expect(needOf(offerWatermark(loaded(1), 500))).toEqual({ kind: 'delta', after: 1 });
    expect(needOf(offerWatermark(loaded(1), 502))).toEqual({ kind: 'snapshot' });
  });

  test('[C1] an older snapshot changes nothing, structural sharing included', () => {
    const replica = loaded(5);
    expect(offerSnapshot(rules, replica, { view: [0], seq: 5 })).toBe(replica);
    expect(offerEvent(rules, replica, event(5))).toBe(replica);
    expect(offerWatermark(replica, 5)).toBe(replica);
  });
});

test('[C11] a page of history newer than the view is wanted, and merged when the view has reached it', () => {
  const server = new ModelServer('me');
  server.createChat('c', ['ann']);
  for (let n = 0; n < 6; n += 1) server.send('c', 'ann', `a${n}`, `text ${n}`);
  const newest = server.page('c', 3);
  if (newest === undefined) throw new Error('a page of a chat of mine');
  const timeline = timelineRules('me');
  const open = offerSnapshot(timeline, emptyReplica, { view: timelineOf(newest), seq: newest.seq });
  const { replica, beforeSeq = 0 } = askForOlder(open);
  server.edit('c', 0, 'edited');
  const page = server.page('c', 10, beforeSeq);
  if (page === undefined) throw new Error('a page of a chat of mine');
  const waiting = offerOlder(replica, beforeSeq, page);
  expect(waiting).toMatchObject({ view: { messages: newest.messages } });
  expect(needOf(waiting)).toEqual({ kind: 'delta', after: 7 });
  const events = server.pushable('c').slice(-1);
  const reached = events.reduce((next, one) => offerEvent(timeline, next, one), waiting);
  expect(reached).toMatchObject({ view: { messages: server.now('c').messages, hasOlder: false, older: undefined } });
});
