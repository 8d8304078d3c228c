import { expect, test } from 'vitest';
import { compareRuns } from './compare.ts';
import type { LoadResult } from './result.ts';

const curve = (around: number) => Array.from({ length: 50 }, (_, n) => around + (n % 2));
const percentiles = (p50: number, p99: number) => ({ count: 1_000, min: 1, mean: p50, p50, p90: p99, p99, p999: p99, max: p99 });

function run(change: { p50?: number; p99?: number; lost?: number; cpu?: number; scatter?: number } = {}): LoadResult {
  const { p50 = 10, p99 = 40, lost = 0, cpu = 0.5, scatter = 0 } = change;
  const latency = curve(p99).map((value, n) => value + scatter * (n % 7));
  return {
    format: 1,
    scenario: 'steady-chat',
    profile: 'laptop',
    at: '2026-01-01T00:00:00.000Z',
    version: '1',
    target: 'own cluster',
    machine: { node: 'v20', k6: '1', kernel: '6', cores: 2, cpu: 'x', memoryGiB: 8 },
    settings: {},
    verdict: 'passed',
    reasons: [],
    checks: [],
    counts: { lost },
    latencyMs: { all: percentiles(p50, p99), byAudience: {}, byPhase: {} },
    times: {},
    steps: [],
    stages: {},
    processes: [{ role: 'api-0', cpuCores: cpu, cpuMax: 1, rssMaxMiB: 100, rssEndMiB: 90 }],
    generator: { cpuCores: 0.2, lagP99Ms: 1, publishLagP99Ms: 1, droppedIterations: 0, startPressurePercent: 0, hostBusyPercent: 50 },
    closes: {},
    series: {
      seconds: curve(0),
      marks: [],
      delivered: curve(100),
      latencyMs: { p50: curve(p50), p90: latency, p99: latency, max: latency },
      connections: {},
      connects: {},
      advised: [],
      stagesMs: {},
      cpuCores: { 'api-0': curve(cpu).map(() => cpu) },
      memoryMiB: {},
    },
  };
}

const changed = (before: LoadResult, after: LoadResult) =>
  compareRuns(before, after).flatMap(({ name, verdict }) => (verdict === 'same' ? [] : [`${name} ${verdict}`]));

test('[T3] two equal runs differ in nothing, and neither do runs within 2 ms', () => {
  expect(changed(run(), run())).toEqual([]);
  expect(changed(run(), run({ p50: 11.9, p99: 41.9 }))).toEqual([]);
});

test('[T3] what is beyond the noise is told, in both directions', () => {
  expect(changed(run(), run({ p99: 60, cpu: 0.6 }))).toEqual(['latency, all p99, ms worse', 'api-0 CPU, cores worse']);
  expect(changed(run({ p50: 20 }), run())).toEqual(['latency, all p50, ms better']);
});

test('[T3] a difference that the runs scatter by themselves is noise; a lost event never is', () => {
  expect(changed(run({ scatter: 20 }), run({ p99: 55, scatter: 20 }))).toEqual([]);
  expect(changed(run(), run({ lost: 1 }))).toEqual(['lost worse']);
});
