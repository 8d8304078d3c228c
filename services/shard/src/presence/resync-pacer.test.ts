import type { ServerFrame } from '@carillon/protocol';
import { beforeEach, describe, expect, test } from 'vitest';
import type { Connection } from '../connection/connection.ts';
import { ManualClock } from './faulty.fixture.ts';
import { ResyncPacer } from './resync-pacer.ts';

/** A connection as the pacer sees it. */
class Listener {
  state: Connection['state'] = 'ready';
  isDegraded = false;
  next: Listener | undefined;
  readonly told: unknown[] = [];

  send(frame: ServerFrame): void {
    if (frame.type === 'resync') this.told.push(frame.reason);
  }
}

describe('a resync pacer', () => {
  let clock: ManualClock;
  let degraded: Set<string>;
  let listeners: Map<string, Listener>;
  let told: string[];
  let pacer: ResyncPacer;
  let chance: number;

  beforeEach(() => {
    clock = new ManualClock();
    degraded = new Set();
    listeners = new Map();
    told = [];
    chance = 0.5;
    pacer = new ResyncPacer({
      connections: { newestOf: (userId) => listeners.get(userId) as unknown as Connection | undefined },
      isDegraded: (userId) => degraded.has(userId),
      clock,
      random: () => chance,
      onTold: (reason) => void told.push(reason),
    });
  });

  function listen(userId: string): Listener {
    const listener = new Listener();
    listener.next = listeners.get(userId);
    listeners.set(userId, listener);
    return listener;
  }

  function pass(ms: number): void {
    for (let passed = 0; passed < ms; passed += 100) {
      clock.advance(100);
      pacer.advance();
    }
  }

  function degrade(...userIds: string[]): void {
    for (const userId of userIds) degraded.add(userId);
    pacer.tellStanding(userIds);
  }

  function recover(...userIds: string[]): void {
    for (const userId of userIds) degraded.delete(userId);
    pacer.tellStanding(userIds);
  }

  test('[R10] degraded and recovered are spread over 10 s, and each connection is told once', () => {
    const users = Array.from({ length: 100 }, (_, index) => `user-${index}`);
    const all = users.map((userId, index) => {
      chance = index / users.length;
      const listener = listen(userId);
      degrade(userId);
      return listener;
    });
    const count = () => all.filter((listener) => listener.told.length > 0).length;
    const counts = Array.from({ length: 10 }, () => {
      pass(1_000);
      return count();
    });
    expect(counts.slice(1, 9)).toEqual(counts.slice(1, 9).toSorted((a, b) => a - b));
    expect(counts[5]).toBeGreaterThan(30);
    expect(counts[5]).toBeLessThan(70);
    expect(counts.at(-1)).toBe(100);
    recover(...users);
    pass(10_000);
    expect(all.every((listener) => listener.told.join() === 'degraded,recovered' && !listener.isDegraded)).toBe(true);
    expect(told).toHaveLength(200);
  });

  test('[R10] who is back before it was told is told nothing', () => {
    const ann = listen('ann');
    degrade('ann');
    pass(1_900);
    recover('ann');
    pass(20_000);
    expect(ann.told).toEqual([]);
    degrade('ann');
    pass(10_000);
    recover('ann');
    pass(1_900);
    degrade('ann');
    pass(20_000);
    expect(ann.told).toEqual(['degraded']);
  });

  test('[R10] two connections of a user are told by what each knows', () => {
    const first = listen('ann');
    degrade('ann');
    const second = listen('ann');
    second.isDegraded = true;
    const third = listen('ann');
    third.state = 'registering';
    pass(10_000);
    expect([first.told, second.told, third.told]).toEqual([['degraded'], [], []]);
    recover('ann');
    pass(10_000);
    expect([first.told, second.told]).toEqual([['degraded', 'recovered'], ['recovered']]);
  });

  test('[R11] a loss is told soon; with a change of standing, one frame tells both', () => {
    const [ann, bob, eve] = [listen('ann'), listen('bob'), listen('eve')];
    bob.isDegraded = true;
    degraded.add('eve');
    eve.isDegraded = true;
    pacer.tellLoss(['ann', 'bob', 'eve'], 'gap');
    pacer.tellLoss(['ann'], 'takeover');
    pass(200);
    expect([ann.told, bob.told, eve.told]).toEqual([['gap'], ['recovered'], []]);
    recover('eve');
    pass(10_000);
    expect([ann.told, bob.told, eve.told]).toEqual([['gap'], ['recovered'], ['recovered']]);
  });

  test('[R11] many are told of a loss at most 500 a second, all within 10 s', () => {
    const users = Array.from({ length: 1_000 }, (_, index) => `user-${index}`);
    const all = users.map(listen);
    chance = 1;
    pacer.tellLoss(users, 'gap');
    pass(1_900);
    expect(all.some((listener) => listener.told.length > 0)).toBe(false);
    pass(200);
    expect(all.every((listener) => listener.told.join() === 'gap')).toBe(true);
    chance = 1;
    pacer.tellLoss([...users, ...Array.from({ length: 50_000 }, (_, absent) => `absent-${absent}`)], 'gap');
    pass(9_900);
    expect(told).toHaveLength(1_000);
    pass(200);
    expect(told).toHaveLength(2_000);
  });
});
