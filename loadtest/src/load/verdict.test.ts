import { expect, test } from 'vitest';
import { judge } from './verdict.ts';

const good = { cpuCores: 0.4, lagP99Ms: 3, publishLagP99Ms: 4, droppedIterations: 0, startPressurePercent: 1, hostBusyPercent: 60 };
const percentiles = { count: 5_000, min: 1, mean: 5, p50: 4, p90: 8, p99: 20, p999: 40, max: 50 };
const latencyMs = { all: percentiles, byAudience: {}, byPhase: {} };
const limits = { latencyFactor: 1, validity: { lagMs: 20, startPressurePercent: 5, generatorCores: 0.8 } };
const check = (metric: string, limit: string, ok: boolean) => ({ metric, limit, ok });

test('[T1] a lost event fails a run, also an invalid one', () => {
  const checks = [check('lost', 'count==0', false)];
  expect(judge({ checks, generator: good, latencyMs }, limits)).toEqual({ verdict: 'failed', reasons: ['lost is not count==0'] });
  expect(judge({ checks, generator: { ...good, lagP99Ms: 90 }, latencyMs }, limits).verdict).toBe('failed');
});

test('[T2] a late, dropping or starved generator makes a run invalid, whatever its latency', () => {
  const slow = [check('publish_to_receive_ms', 'p(99.9)<250', false)];
  const doubtful = [
    { lagP99Ms: 21 },
    { publishLagP99Ms: 21 },
    { droppedIterations: 1 },
    { cpuCores: 0.9 },
    { hostBusyPercent: 99 },
    { startPressurePercent: 6 },
  ];
  for (const doubt of doubtful) {
    const generator = { ...good, ...doubt };
    expect(judge({ checks: slow, generator, latencyMs }, limits).verdict).toBe('invalid');
    expect(judge({ checks: [], generator, latencyMs }, limits).verdict).toBe('invalid');
  }
  expect(
    judge({ checks: [], generator: good, latencyMs: { all: { ...percentiles, count: 999 }, byAudience: {}, byPhase: {} } }, limits).verdict,
  ).toBe('invalid');
  expect(judge({ checks: slow, generator: good, latencyMs }, limits)).toEqual({
    verdict: 'failed',
    reasons: ['publish_to_receive_ms is not p(99.9)<250'],
  });
});

test('[T2] dropped messages are the generator’s fault, not a failure; where latency is not judged they are only told', () => {
  const checks = [check('dropped_iterations', 'count==0', false)];
  const generator = { ...good, droppedIterations: 7 };
  expect(judge({ checks, generator, latencyMs }, limits).verdict).toBe('invalid');
  expect(judge({ checks, generator, latencyMs }, { ...limits, latencyFactor: null })).toEqual({
    verdict: 'passed',
    reasons: ['timings do not count: 7 messages were never sent: no publishing VU was free'],
  });
});
