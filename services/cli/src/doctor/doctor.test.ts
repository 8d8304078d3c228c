import { expect, test } from 'vitest';
import { judgeClocks } from './check-clocks.ts';
import { judgeDescriptors } from './check-descriptors.ts';

test('[A2] a clock is wrong beyond one second and beyond what can be measured', () => {
  const clock = (aheadMs: number, precisionMs = 10) => ({ name: 'Postgres', aheadMs, precisionMs });
  expect(judgeClocks([clock(900), clock(-400), clock(1_400, 500)]).faults).toEqual([]);
  expect(judgeClocks([clock(3_000), clock(-2_000)]).faults).toEqual([
    'Postgres is 3000 ms ahead: is NTP running on both?',
    'Postgres is 2000 ms behind: is NTP running on both?',
  ]);
  expect(judgeClocks([]).found).toBe('nothing to compare with');
});

test('[A2] a shard with fewer descriptors than connections is told, with the limit it needs', () => {
  const limits = [
    { shard: 'shard-0', limit: 100_000 },
    { shard: 'shard-1', limit: 20_000 },
  ];
  expect(judgeDescriptors(limits, 50_000).warnings).toEqual([
    'shard-1 takes 19800 connections, not 50000: raise ulimit -n (LimitNOFILE) to 50200',
  ]);
  expect(judgeDescriptors(limits, 10_000)).toEqual({
    name: 'descriptors',
    found: '2 shards, 20000 each at least',
    faults: [],
    warnings: [],
  });
});
