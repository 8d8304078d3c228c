import { type MetricSample, parseMetricsText } from '@carillon/runtime';

type StageSum = { count: number; seconds: number; readonly buckets: Map<number, number> };

export type Endpoint = { readonly role: string; readonly adminUrl: string };
export type StageFigures = { readonly count: number; readonly mean: number; readonly p50: number; readonly p99: number };

export const stages = ['commit_to_relay', 'relay_to_log', 'log_to_shard', 'shard_to_socket', 'total'] as const;
const scrapeTimeoutMs = 900;

/**
 * What the servers say about themselves, scraped once a second from their admin ports. Counters are followed by their increases, so
 * a process that was started again takes nothing away.
 */
export class ServerMetrics {
  readonly #endpoints: () => readonly Endpoint[];
  readonly #last = new Map<string, number>();
  #stages = new Map<string, StageSum>();
  #second = new Map<string, StageSum>();
  #increases = new Map<string, number>();
  #isFirst = true;
  connections = new Map<string, number>();

  constructor(endpoints: () => readonly Endpoint[]) {
    this.#endpoints = endpoints;
  }

  async scrape(): Promise<void> {
    const endpoints = this.#endpoints();
    const texts = await Promise.all(endpoints.map(({ adminUrl }) => fetchText(`${adminUrl}/metrics`)));
    this.#second = new Map();
    this.connections = new Map();
    for (const [index, { role, adminUrl }] of endpoints.entries()) {
      const text = texts[index];
      if (text !== undefined) this.#take(role, adminUrl, parseMetricsText(text));
    }
    this.#isFirst = false;
  }

  /** Stage figures count from now on. */
  beginSteady(): void {
    this.#stages = new Map();
    this.#increases = new Map();
  }

  /** Mean milliseconds of each stage between the last two scrapes. */
  stageMeansMs(): Map<string, number> {
    return new Map(
      [...this.#second].filter(([, { count }]) => count > 0).map(([stage, { count, seconds }]) => [stage, (1000 * seconds) / count]),
    );
  }

  stageFigures(): Record<string, StageFigures> {
    const known = stages.filter((stage) => (this.#stages.get(stage)?.count ?? 0) > 0);
    return Object.fromEntries(known.map((stage) => [stage, figuresOf(this.#stages.get(stage) ?? emptySum())]));
  }

  /** Increases of counters since `beginSteady`, all processes together, by name and labels. */
  increases(): ReadonlyMap<string, number> {
    return this.#increases;
  }

  #take(role: string, adminUrl: string, samples: readonly MetricSample[]): void {
    for (const sample of samples) {
      const { name, labels, value } = sample;
      if (name === 'carillon_ws_connections') this.connections.set(labels['shard'] ?? role, value);
      const increase = isCounter(name) ? this.#increaseOf(adminUrl, sample) : 0;
      if (increase > 0) this.#count(sample, increase);
    }
  }

  /** Since the scrape before; a counter that went back began anew. */
  #increaseOf(adminUrl: string, sample: MetricSample): number {
    const { value } = sample;
    const key = `${adminUrl} ${seriesOf(sample)}`;
    const before = this.#last.get(key) ?? (this.#isFirst ? value : 0);
    this.#last.set(key, value);
    return value < before ? value : value - before;
  }

  #count(sample: MetricSample, increase: number): void {
    if (sample.name.startsWith('carillon_delivery_seconds')) this.#addStage(sample, increase);
    else increment(this.#increases, seriesOf(sample, 'shard'), increase);
  }

  #addStage({ name, labels }: MetricSample, increase: number): void {
    const stage = labels['stage'] ?? '';
    for (const sums of [this.#stages, this.#second]) {
      const sum = sums.get(stage) ?? emptySum();
      sums.set(stage, sum);
      if (name.endsWith('_sum')) sum.seconds += increase;
      else if (name.endsWith('_count')) sum.count += increase;
      else {
        const bound = labels['le'] === '+Inf' ? Number.POSITIVE_INFINITY : Number(labels['le']);
        sum.buckets.set(bound, (sum.buckets.get(bound) ?? 0) + increase);
      }
    }
  }
}

function increment(sums: Map<string, number>, series: string, increase: number): void {
  sums.set(series, (sums.get(series) ?? 0) + increase);
}

/** `name{label="value"}`, without the label that is left out. */
function seriesOf({ name, labels }: MetricSample, without = ''): string {
  const pairs = Object.entries(labels).flatMap(([label, value]) => (label === without ? [] : [`${label}="${value}"`]));
  return pairs.length === 0 ? name : `${name}{${pairs.join(',')}}`;
}

function isCounter(name: string): boolean {
  return /^carillon_\w+(_total|_bucket|_sum|_count)$/.test(name);
}

/** Quantiles inside a bucket are taken as even, as Prometheus does. */
function figuresOf({ count, seconds, buckets }: StageSum): StageFigures {
  const bounds = [...buckets].sort(([a], [b]) => a - b);
  const quantile = (q: number): number => {
    let below = { bound: 0, count: 0 };
    for (const [bound, cumulative] of bounds) {
      if (cumulative >= q * count) {
        if (!Number.isFinite(bound)) return below.bound;
        return below.bound + ((bound - below.bound) * (q * count - below.count)) / Math.max(1, cumulative - below.count);
      }
      below = { bound, count: cumulative };
    }
    return below.bound;
  };
  return { count, mean: (1000 * seconds) / count, p50: 1000 * quantile(0.5), p99: 1000 * quantile(0.99) };
}

function emptySum(): StageSum {
  return { count: 0, seconds: 0, buckets: new Map() };
}

async function fetchText(url: string): Promise<string | undefined> {
  try {
    const answer = await fetch(url, { signal: AbortSignal.timeout(scrapeTimeoutMs) });
    return answer.ok ? await answer.text() : undefined;
  } catch (_unreachable) {
    return undefined;
  }
}
