import { cpus, release, totalmem } from 'node:os';
import { version } from '@carillon/runtime';
import type { K6Summary } from './k6-summary.ts';
import type { LoadOptions } from './load-options.ts';
import type { Profile, ScenarioSettings } from './profile.ts';
import type { LoadResult, Step } from './result.ts';
import type { RunWatch } from './run-watch.ts';
import { mean, processFigures, round, seriesOf } from './series.ts';
import type { ServerMetrics } from './server-metrics.ts';
import { spreadChecks } from './spread.ts';
import { judge } from './verdict.ts';

export type Finished = {
  readonly options: LoadOptions;
  readonly profile: Profile;
  readonly settings: ScenarioSettings;
  readonly target: string;
  readonly watch: RunWatch;
  readonly summary: K6Summary;
  readonly steps: readonly Step[];
  readonly startPressurePercent: number | null;
};

/** As `tools/tools.json` pins it. */
export const k6Version = '1.8.1';
const trend = 'publish_to_receive_ms';

/** Brings together what k6 counted and what was seen beside it. */
export function resultOf(run: Finished): LoadResult {
  const { options, summary, watch } = run;
  const steady = watch.ticks.filter(({ second }) => watch.isSteadySecond(second));
  const processes = processFigures(steady);
  const generator = generatorOf(run, processes, mean(steady.map(({ hostBusyPercent }) => hostBusyPercent)));
  const latencyMs = {
    all: summary.percentiles(trend) ?? null,
    byAudience: summary.byTag(trend, 'audience'),
    byPhase: summary.byTag(trend, 'phase'),
  };
  const series = seriesOf(watch.timeline, watch.ticks, watch.marks);
  const checks = [...summary.checks().filter((check) => isLimit(check, run.steps)), ...spreadChecks(series, upgradeRate(run))];
  return {
    format: 1,
    scenario: options.scenario,
    profile: options.profile,
    at: new Date().toISOString(),
    version,
    target: run.target,
    machine: machine(),
    settings: run.settings,
    ...judge({ checks, generator, latencyMs }, run.profile),
    checks,
    counts: { ...summary.counts(), ...serverCounts(watch.metrics) },
    latencyMs,
    times: timesOf(summary),
    steps: [...run.steps],
    stages: watch.metrics.stageFigures(),
    processes,
    generator,
    closes: Object.fromEntries(watch.timeline.closes),
    series,
  };
}

/** Known where the cluster was started here; 0 = no limit, as in development. */
function upgradeRate({ profile, settings }: Finished): number {
  return Number({ ...profile.cluster.env, ...settings.clusterEnv }['UPGRADE_RATE'] ?? 0);
}

/** Some thresholds only make k6 keep a part of a metric; those of steps are meant to be crossed. */
function isLimit({ metric, limit }: LoadResult['checks'][number], steps: readonly Step[]): boolean {
  const isOfStep = steps.length > 0 && (metric.includes('{step:') || metric.startsWith('dropped_iterations'));
  return !['max>=0', 'count>=0'].includes(limit) && !isOfStep;
}

function generatorOf({ summary, startPressurePercent }: Finished, processes: LoadResult['processes'], busyPercent: number) {
  return {
    cpuCores: processes.find(({ role }) => role === 'k6')?.cpuCores ?? 0,
    lagP99Ms: summary.percentiles('loadgen_lag_ms')?.p99 ?? 0,
    publishLagP99Ms: summary.percentiles('publish_lag_ms')?.p99 ?? 0,
    droppedIterations: summary.count('dropped_iterations'),
    startPressurePercent,
    hostBusyPercent: round(busyPercent),
  };
}

function timesOf(summary: K6Summary): LoadResult['times'] {
  const names = ['publish_ack', 'ready', 'ws_connect', 'reconnect', 'catch_up', 'publish_to_catch_up', 'loadgen_lag', 'publish_lag'];
  const known = names.flatMap((name) => {
    const figures = summary.percentiles(`${name}_ms`);
    return figures === undefined ? [] : [[`${name}_ms`, figures] as const];
  });
  return Object.fromEntries(known);
}

/** What the servers counted that the clients cannot see. */
function serverCounts(metrics: ServerMetrics): Record<string, number> {
  const told = [
    'carillon_ws_upgrades_refused_total',
    'carillon_slow_consumers_total',
    'carillon_forwarded_total',
    'carillon_ws_closes_total',
  ];
  return Object.fromEntries([...metrics.increases()].filter(([series]) => told.some((name) => series.startsWith(name))));
}

function machine(): LoadResult['machine'] {
  const [cpu] = cpus();
  return {
    node: process.version,
    k6: k6Version,
    kernel: release(),
    cores: cpus().length,
    cpu: cpu?.model ?? 'unknown',
    memoryGiB: Math.round(totalmem() / 2 ** 30),
  };
}
