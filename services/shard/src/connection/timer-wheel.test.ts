import fc from 'fast-check';
import { expect, test } from 'vitest';
import { TimerWheel, type WheelEntry, wheelTickMs } from './timer-wheel.ts';

type Entry = WheelEntry & { readonly name: string };
const entry = (name: string): Entry => ({ name, wheelSlot: -1, wheelDueMs: 0 });

test('an entry is visited once, at most a tick after it is due, however far away that is', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 200_000 }), { maxLength: 30 }), fc.integer({ min: 20, max: 400 }), (dues, stepMs) => {
      const wheel = new TimerWheel<Entry>(0);
      const visited = new Map<string, number>();
      for (const [index, due] of dues.entries()) wheel.schedule(entry(String(index)), due);
      for (let nowMs = stepMs; nowMs <= 200_000 + 2 * wheelTickMs + stepMs; nowMs += stepMs) {
        wheel.advance(nowMs, ({ name }) => {
          expect(visited.has(name)).toBe(false);
          visited.set(name, nowMs);
        });
      }
      for (const [index, due] of dues.entries()) {
        const late = (visited.get(String(index)) ?? Number.POSITIVE_INFINITY) - due;
        expect(late).toBeGreaterThanOrEqual(0);
        expect(late).toBeLessThanOrEqual(2 * wheelTickMs + stepMs);
      }
    }),
    { numRuns: 30 },
  );
});

test('a cancelled entry is not visited, a moved one at its new time only', () => {
  const wheel = new TimerWheel<Entry>(0);
  const [gone, moved] = [entry('gone'), entry('moved')];
  wheel.schedule(gone, 500);
  wheel.schedule(moved, 500);
  wheel.cancel(gone);
  wheel.schedule(moved, 900);
  const visits: [string, number][] = [];
  for (let nowMs = 100; nowMs <= 2_000; nowMs += 100) wheel.advance(nowMs, ({ name }) => visits.push([name, nowMs]));
  expect(visits).toEqual([['moved', 900]]);
});

test('a visit may schedule again; after a long pause every entry has its visit', () => {
  const wheel = new TimerWheel<Entry>(0);
  let visits = 0;
  const visit = (one: Entry) => {
    visits += 1;
    wheel.schedule(one, one.wheelDueMs + 20_000);
  };
  wheel.schedule(entry('beat'), 20_000);
  for (let nowMs = 0; nowMs <= 100_000; nowMs += 100) wheel.advance(nowMs, visit);
  expect(visits).toBe(5);
  wheel.advance(1_000_000, visit);
  expect(visits).toBe(6);
});
