/** Which way is better, what must be reached, what is aimed at. */
type Goal = { readonly direction: 'atMost' | 'atLeast'; readonly mustReach: number; readonly aim: number };

/** One line of the table. */
export type Row = {
  readonly label: string;
  /** `×` for a ratio, else the unit. */
  readonly unit: string;
  /** One value for each interleaved run; the median counts. */
  readonly samples: readonly number[];
  readonly goal: Goal;
  /** Why the value counts for nothing: messages lost, a gate not met. */
  readonly faults: readonly string[];
  /** What a reader should know beside it. */
  readonly note?: string;
};

export type Verdict = 'reached' | 'missed' | 'INVALID';

/** The middle value, or the mean of the two in the middle. NaN of nothing. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? Number.NaN)) / 2;
}

/** Each run's value over that of the peer's run beside it: what the host did meanwhile, it did to both. */
export function ratios(values: readonly number[], peer: readonly number[]): number[] {
  if (values.length !== peer.length) throw new RangeError(`${values.length} runs and ${peer.length} of the peer`);
  return values.map((value, index) => value / (peer[index] ?? Number.NaN));
}

/** A value that is not a number reaches nothing. */
function meets(value: number, bound: number, direction: Goal['direction']): boolean {
  return direction === 'atMost' ? value <= bound : value >= bound;
}

export function verdictOf(row: Row): Verdict {
  if (row.faults.length > 0 || !Number.isFinite(median(row.samples))) return 'INVALID';
  return meets(median(row.samples), row.goal.mustReach, row.goal.direction) ? 'reached' : 'missed';
}

/** The aim counts only where the row is valid. */
export function reachesAim(row: Row): boolean {
  return verdictOf(row) === 'reached' && meets(median(row.samples), row.goal.aim, row.goal.direction);
}
