/** What a dashboard is made of, in our own few words; `dashboard.ts` turns it into Grafana's. */

/** Grafana's names of units. */
type Unit = 'short' | 's' | 'bytes' | 'percentunit' | 'reqps' | 'ops' | 'Bps';

export type Query = { readonly expr: string; readonly legend: string };

export type Panel = {
  readonly title: string;
  /** What a person at night should know about it. */
  readonly about: string;
  readonly unit: Unit;
  readonly queries: readonly Query[];
  /** `stat` shows the last value, `heatmap` buckets of a histogram. */
  readonly kind?: 'timeseries' | 'stat';
  /** From here on the value is red. */
  readonly redFrom?: number | string;
  /** Of 24. */
  readonly width?: number;
};

type Row = { readonly title: string; readonly panels: readonly Panel[] };

export type Dashboard = { readonly uid: string; readonly title: string; readonly about: string; readonly rows: readonly Row[] };

/** The selector that every query has: what the dashboard's variables choose. */
export const here = 'namespace="$namespace"';

/** One query whose series are named by a label. */
export function by(label: string, expr: string): Query[] {
  return [{ expr, legend: `{{${label}}}` }];
}

/** p50, p90 and p99 of a histogram. */
export function percentiles(histogram: string, selector: string): Query[] {
  return [0.5, 0.9, 0.99].map((quantile) => ({
    expr: `histogram_quantile(${quantile}, sum by (le) (rate(${histogram}_bucket{${selector}}[$__rate_interval])))`,
    legend: `p${quantile * 100}`,
  }));
}
