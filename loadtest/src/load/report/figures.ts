import type { LoadResult } from '../result.ts';

/** Figures as people read them. */
export function ms(value: number): string {
  return value < 10 ? value.toFixed(1) : Math.round(value).toLocaleString('en');
}

export function whole(value: number): string {
  return Math.round(value).toLocaleString('en');
}

const headings = {
  publish_ack_ms: 'publish → answer',
  ready_ms: 'connect → ready',
  ws_connect_ms: 'connect → open',
  reconnect_ms: 'cut or not_before → ready again',
  catch_up_ms: 'ready again → caught up',
  publish_to_catch_up_ms: 'publish → caught up (missed pushes)',
  loadgen_lag_ms: 'generator: frame read late',
  publish_lag_ms: 'generator: message sent late',
} as const satisfies Record<string, string>;

export function headingOf(metric: string): string {
  return Object.entries(headings).find(([name]) => name === metric)?.[1] ?? metric;
}

export const stageHeadings: Readonly<Record<string, string>> = {
  commit_to_relay: 'commit → relay',
  relay_to_log: 'relay → log',
  log_to_shard: 'log → shard',
  shard_to_socket: 'shard → socket',
  total: 'commit → first socket',
};

/** What should be 0: the third is whether this scenario judges it. While connections change, repeats are the protocol's right. */
export function correctness({ counts, checks }: Pick<LoadResult, 'counts' | 'checks'>): [string, number, boolean][] {
  const mustBeZero = [
    'lost',
    'gaps',
    'duplicates',
    'order_violations',
    'foreign_events',
    'miscounted',
    'publish_failed',
    'abnormal_closes',
    'early_reconnects',
  ];
  const isJudged = (name: string) => checks.some(({ metric }) => metric === name);
  return mustBeZero.map((name) => [name.replaceAll('_', ' '), counts[name] ?? 0, isJudged(name)]);
}

export function reach({ counts }: LoadResult): number {
  const expected = counts['expected'] ?? 0;
  return expected === 0 ? 1 : (counts['deliveries'] ?? 0) / expected;
}

export function verdictWord({ verdict }: Pick<LoadResult, 'verdict'>): string {
  return verdict === 'invalid' ? 'INVALID' : verdict;
}

/** Most connects that one shard took in one second, while its readers came back. */
export function busiestSecond({ series }: LoadResult): { shard: string; connects: number } {
  const steady = series.marks.find(({ name }) => name === 'steady')?.second ?? 0;
  const first = series.seconds.findIndex((second) => second >= steady);
  const peaks = Object.entries(series.connects).map(([shard, curve]) => ({
    shard,
    connects: Math.max(0, ...curve.slice(Math.max(0, first)).map((count) => count ?? 0)),
  }));
  return peaks.sort((a, b) => b.connects - a.connects)[0] ?? { shard: '–', connects: 0 };
}
