import type { LoadResult, Percentiles } from './result.ts';

/** One figure of two runs; `noise` is what may differ without meaning anything. */
export type Difference = {
  readonly name: string;
  readonly before: number;
  readonly after: number;
  readonly noise: number;
  /** Must be 0 on any machine: counts also where a run's timings do not. */
  readonly isCount: boolean;
  readonly verdict: 'same' | 'better' | 'worse';
};

type Floor = { readonly absolute: number; readonly relative: number };

/** Where a figure has a curve, its own scatter says more than a rule of thumb. */
const latencyFloor: Floor = { absolute: 2, relative: 0.01 };
const withoutCurve: Floor = { absolute: 2, relative: 0.1 };
const cpuFloor: Floor = { absolute: 0.02, relative: 0.05 };
const memoryFloor: Floor = { absolute: 16, relative: 0.1 };
const noNoise: Floor = { absolute: 0, relative: 0 };
const mustNotRise = ['lost', 'gaps', 'duplicates', 'order_violations', 'foreign_events', 'miscounted', 'abnormal_closes', 'publish_failed'];
const standardErrors = 2;

/**
 * Every figure of two runs of one scenario, in which more is worse. A difference counts beyond 2 ms, beyond 1 % and beyond two
 * standard errors of the runs' own curves.
 */
export function compareRuns(before: LoadResult, after: LoadResult): Difference[] {
  const curves = [before, after].map(({ series }) => series);
  const difference = (
    name: string,
    pair: readonly [number | undefined, number | undefined],
    floor: Floor,
    ofCurve: readonly (readonly (number | null)[])[] = [],
  ) => {
    const [a, b] = pair;
    return a === undefined || b === undefined ? [] : [judged(name, a, b, Math.max(floor.absolute, floor.relative * a, scatter(ofCurve)))];
  };
  const both = <T>(read: (result: LoadResult) => T): readonly [T, T] => [read(before), read(after)];
  const percentiles = (name: string, read: (result: LoadResult) => Percentiles | undefined) =>
    (['p50', 'p99'] as const).flatMap((at) => {
      const floor = name === 'latency, all' ? latencyFloor : withoutCurve;
      const ofCurve = name === 'latency, all' ? curves.map(({ latencyMs }) => latencyMs[at]) : [];
      return difference(
        `${name} ${at}, ms`,
        both((result) => read(result)?.[at]),
        floor,
        ofCurve,
      );
    });
  return [
    ...mustNotRise.flatMap((name) =>
      difference(
        name.replaceAll('_', ' '),
        both(({ counts }) => counts[name] ?? 0),
        noNoise,
      ),
    ),
    ...percentiles('latency, all', ({ latencyMs }) => latencyMs.all ?? undefined),
    ...Object.keys(before.latencyMs.byAudience).flatMap((audience) =>
      percentiles(`latency, audience ${audience}`, ({ latencyMs }) => latencyMs.byAudience[audience]),
    ),
    ...Object.keys(before.times)
      .filter((name) => !name.startsWith('loadgen') && !name.startsWith('publish_lag'))
      .flatMap((name) => percentiles(name, ({ times }) => times[name])),
    ...Object.keys(before.stages).flatMap((stage) =>
      difference(
        `stage ${stage} mean, ms`,
        both(({ stages }) => stages[stage]?.mean),
        latencyFloor,
        curves.map(({ stagesMs }) => stagesMs[stage] ?? []),
      ),
    ),
    ...before.processes.flatMap(({ role }) => [
      ...difference(
        `${role} CPU, cores`,
        both((result) => processOf(result, role)?.cpuCores),
        cpuFloor,
        curves.map(({ cpuCores }) => cpuCores[role] ?? []),
      ),
      ...difference(
        `${role} memory, MiB`,
        both((result) => processOf(result, role)?.rssMaxMiB),
        memoryFloor,
      ),
    ]),
  ];
}

function judged(name: string, before: number, after: number, noise: number): Difference {
  const change = after - before;
  return {
    name,
    before,
    after,
    noise,
    isCount: noise === 0,
    verdict: Math.abs(change) <= noise ? 'same' : change > 0 ? 'worse' : 'better',
  };
}

function processOf({ processes }: LoadResult, role: string) {
  return processes.find((process) => process.role === role);
}

/** Two standard errors of the difference of the curves' means. */
function scatter(curves: readonly (readonly (number | null)[])[]): number {
  const variances = curves.map((curve) => {
    const values = curve.filter((value) => value !== null);
    if (values.length < 2) return 0;
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1);
    return variance / values.length;
  });
  return standardErrors * Math.sqrt(variances.reduce((sum, variance) => sum + variance, 0));
}
