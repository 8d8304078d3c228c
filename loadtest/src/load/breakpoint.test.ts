import { expect, test } from 'vitest';
import { ratesBetween } from './breakpoint.ts';

const latencyMs = { count: 100, min: 1, mean: 2, p50: 2, p90: 3, p99: 4, p999: 5, max: 6 };
const step = (rate: number, held: boolean) => ({ rate, held, latencyMs });

test('[T2] the search goes on between the last rate that held and the first that did not', () => {
  expect(ratesBetween([step(20, true), step(40, true), step(80, false), step(100, true)])).toEqual([50, 60, 70]);
  expect(ratesBetween([step(20, true), step(40, true)])).toEqual([]);
  expect(ratesBetween([step(20, false)])).toEqual([]);
  expect(ratesBetween([step(20, true), step(22, false)])).toEqual([21]);
});
