import type { Profile } from './profile.ts';
import type { LoadResult } from './result.ts';

type Judged = Pick<LoadResult, 'checks' | 'generator' | 'latencyMs'>;
type Verdict = Pick<LoadResult, 'verdict' | 'reasons'>;

const maxHostBusyPercent = 97;
const samplesForP99 = 1_000;
/** Thresholds that say something about the generator, not about the cluster. */
const generatorMetrics = ['dropped_iterations'];
/** Thresholds that a slow machine crosses, whatever the cluster does. */
const isTiming = (metric: string) => metric.startsWith('publish_to_receive_ms') || metric === 'connect_success' || metric === 'api_success';

/**
 * Loss, repeats and torn connections fail a run on any machine. Timings are judged only if the generator kept its schedule and the
 * machine had CPU left: else the run is invalid, which is not the same as slow.
 */
export function judge(run: Judged, { latencyFactor, validity }: Pick<Profile, 'latencyFactor' | 'validity'>): Verdict {
  const crossed = run.checks.filter(({ metric, ok }) => !ok && !generatorMetrics.includes(metric));
  const wrong = crossed.filter(({ metric }) => !isTiming(metric)).map(sentence);
  const slow = crossed.filter(({ metric }) => isTiming(metric)).map(sentence);
  const doubts = doubtsOf(run, validity);
  if (wrong.length > 0) return { verdict: 'failed', reasons: [...wrong, ...slow, ...doubts] };
  if (latencyFactor === null) return { verdict: 'passed', reasons: doubts.map((doubt) => `timings do not count: ${doubt}`) };
  if (doubts.length > 0) return { verdict: 'invalid', reasons: [...doubts, ...slow] };
  return slow.length > 0 ? { verdict: 'failed', reasons: slow } : { verdict: 'passed', reasons: [] };
}

function doubtsOf({ generator, latencyMs }: Judged, limits: Profile['validity']): string[] {
  const pressure = generator.startPressurePercent ?? 0;
  const samples = latencyMs.all?.count ?? 0;
  return [
    ...(generator.droppedIterations > 0 ? [`${generator.droppedIterations} messages were never sent: no publishing VU was free`] : []),
    ...(generator.lagP99Ms > limits.lagMs ? [`k6 read frames ${generator.lagP99Ms} ms late at its p99 (limit ${limits.lagMs})`] : []),
    ...(generator.publishLagP99Ms > limits.lagMs
      ? [`k6 sent ${generator.publishLagP99Ms} ms late at its p99 (limit ${limits.lagMs})`]
      : []),
    ...(generator.cpuCores > limits.generatorCores ? [`k6 used ${generator.cpuCores} cores (limit ${limits.generatorCores})`] : []),
    ...(generator.hostBusyPercent > maxHostBusyPercent ? [`the machine was ${Math.round(generator.hostBusyPercent)} % busy`] : []),
    ...(pressure > limits.startPressurePercent ? [`others used the machine: CPU pressure ${pressure} % before the start`] : []),
    ...(samples < samplesForP99 ? [`${samples} samples are too few for a p99`] : []),
  ];
}

function sentence({ metric, limit }: { metric: string; limit: string }): string {
  return `${metric} is not ${limit}`;
}
