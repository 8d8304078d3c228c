import { expect, test } from 'vitest';
import { spreadChecks } from './spread.ts';

const seconds = Array.from({ length: 12 }, (_, n) => 100 + n);
const curve = (...counts: number[]) => seconds.map((_, n) => counts[n] ?? 0);
const marks = [{ second: 102, name: 'steady' }];
const failed = (connects: number[], advised: number[], rate = 10) =>
  spreadChecks({ seconds, marks, connects: { 'shard-0': curve(...connects) }, advised: advised.length > 0 ? curve(...advised) : [] }, rate)
    .filter(({ ok }) => !ok)
    .map(({ metric, limit }) => `${metric} ${limit}`);

test('[T4] the burst and the rate of a shard hold; more in five seconds does not, and the first connects do not count', () => {
  expect(failed([90, 90, 0, 30, 10, 10, 10, 10, 10], [])).toEqual([]);
  expect(failed([0, 0, 0, 31, 10, 10, 10, 10, 10], [])).toEqual(['connects{shard}, any 5 s 71<=70']);
});

test('[T4] drains ask for half of the rate; a bunch is told', () => {
  expect(failed([], [0, 0, 0, 5, 5, 5, 5, 5, 5])).toEqual([]);
  expect(failed([], [0, 0, 0, 20, 8])).toEqual(['asked to reconnect, any 5 s 28<=27']);
  expect(failed([0, 0, 900], [0, 0, 900], 0)).toEqual([]);
});
