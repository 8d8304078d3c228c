import type { ProcessSample } from './process-samples.ts';
import type { LoadResult, Mark } from './result.ts';
import { stages } from './server-metrics.ts';
import type { Timeline } from './timeline.ts';

/** What the runner sees once a second. */
export type Tick = {
  readonly second: number;
  readonly processes: readonly ProcessSample[];
  readonly connections: ReadonlyMap<string, number>;
  readonly stagesMs: ReadonlyMap<string, number>;
  readonly hostBusyPercent: number;
};

type Curve = (number | null)[];

/** Brings k6's lines and the runner's ticks onto one axis of seconds. */
export function seriesOf(timeline: Timeline, ticks: readonly Tick[], marks: readonly Mark[]): LoadResult['series'] {
  const seconds = timeline.range();
  const bySecond = new Map(ticks.map((tick) => [tick.second, tick] as const));
  const roles = [...new Set(ticks.flatMap(({ processes }) => processes.map(({ role }) => role)))];
  const shards = [...new Set(ticks.flatMap(({ connections }) => [...connections.keys()]))].sort();
  const homes = [...new Set(seconds.flatMap((second) => [...(timeline.at(second)?.connects.keys() ?? [])]))].sort();
  const latency = (percentile: number): Curve =>
    seconds.map((second) => {
      const histogram = timeline.at(second)?.latencyUs;
      return histogram === undefined || histogram.totalCount === 0 ? null : round(histogram.getValueAtPercentile(percentile) / 1000);
    });
  const ofTicks = (keys: readonly string[], read: (tick: Tick, key: string) => number | undefined): Record<string, Curve> =>
    Object.fromEntries(
      keys.map((key) => {
        const curve = seconds.map((second) => {
          const tick = bySecond.get(second);
          const value = tick === undefined ? undefined : read(tick, key);
          return value === undefined ? null : round(value);
        });
        return [key, curve];
      }),
    );
  const sample = (tick: Tick, role: string) => tick.processes.find((process) => process.role === role);
  return {
    seconds,
    marks: [...marks],
    delivered: seconds.map((second) => timeline.at(second)?.delivered ?? 0),
    latencyMs: { p50: latency(50), p90: latency(90), p99: latency(99), max: latency(100) },
    connections: ofTicks(shards, (tick, shard) => tick.connections.get(shard)),
    connects: Object.fromEntries(homes.map((shard) => [shard, seconds.map((second) => timeline.at(second)?.connects.get(shard) ?? 0)])),
    advised: timeline.advised.size === 0 ? [] : seconds.map((second) => timeline.advised.get(second) ?? 0),
    stagesMs: ofTicks(
      stages.filter((stage) => ticks.some(({ stagesMs }) => stagesMs.has(stage))),
      (tick, stage) => tick.stagesMs.get(stage),
    ),
    cpuCores: ofTicks(roles, (tick, role) => sample(tick, role)?.cpuCores),
    memoryMiB: ofTicks(roles, (tick, role) => sample(tick, role)?.memoryMiB),
  };
}

/** Mean, peak and end of each process over the given seconds. */
export function processFigures(ticks: readonly Tick[]): LoadResult['processes'] {
  const roles = [...new Set(ticks.flatMap(({ processes }) => processes.map(({ role }) => role)))];
  return roles.map((role) => {
    const samples = ticks.flatMap(({ processes }) => processes.filter((process) => process.role === role));
    const cpu = samples.map(({ cpuCores }) => cpuCores);
    const memory = samples.map(({ memoryMiB }) => memoryMiB);
    return {
      role,
      cpuCores: round(mean(cpu)),
      cpuMax: round(Math.max(...cpu)),
      rssMaxMiB: Math.round(Math.max(...memory)),
      rssEndMiB: Math.round(memory.at(-1) ?? 0),
    };
  });
}

export function mean(values: readonly number[]): number {
  return values.length === 0 ? 0 : values.reduce((sum, value) => sum + value, 0) / values.length;
}

export function round(value: number): number {
  return Math.round(value * 100) / 100;
}
