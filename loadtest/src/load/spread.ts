import type { LoadResult } from './result.ts';

type Curves = Pick<LoadResult['series'], 'seconds' | 'marks' | 'connects' | 'advised'>;
type Check = LoadResult['checks'][number];

/** A second alone would judge the machine's hiccups. */
const windowSeconds = 5;
/** Of the rate that a shard accepts, a drain asks for half: the rest is for those who come by themselves. */
const shareOfDrain = 0.5;
/** Advice reaches a client some milliseconds late: those at the edge of a window fall into the next. */
const tolerance = 1.1;

/**
 * Whether readers came back as the servers wished [T4]: no shard took more than its UPGRADE_RATE and its burst of twice that, and
 * drains asked for no more than half of the rate. Nothing without a rate.
 */
export function spreadChecks({ seconds, marks, connects, advised }: Curves, upgradeRate: number): Check[] {
  if (upgradeRate === 0) return [];
  const steady = marks.find(({ name }) => name === 'steady')?.second ?? 0;
  const first = Math.max(
    0,
    seconds.findIndex((second) => second >= steady),
  );
  const most = (curve: readonly (number | null)[]) => busiest(curve.slice(first).map((count) => count ?? 0));
  const accepted = Math.max(0, ...Object.values(connects).map(most));
  const perShard = upgradeRate * (windowSeconds + 2);
  const asked = most(advised);
  const perDrain = Math.floor(upgradeRate * shareOfDrain * windowSeconds * tolerance);
  return [
    { metric: `connects{shard}, any ${windowSeconds} s`, limit: `${accepted}<=${perShard}`, ok: accepted <= perShard },
    ...(advised.length === 0
      ? []
      : [{ metric: `asked to reconnect, any ${windowSeconds} s`, limit: `${asked}<=${perDrain}`, ok: asked <= perDrain }]),
  ];
}

/** The largest sum of as many neighbours as a window has. */
function busiest(counts: readonly number[]): number {
  return Math.max(0, ...counts.map((_, n) => counts.slice(n, n + windowSeconds).reduce((sum, count) => sum + count, 0)));
}
