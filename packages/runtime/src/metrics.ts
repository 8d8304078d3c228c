import {
  Counter,
  type CounterConfiguration,
  collectDefaultMetrics,
  Gauge,
  type GaugeConfiguration,
  Histogram,
  type HistogramConfiguration,
  Registry,
} from 'prom-client';
import { droppedLogLines } from './log-stream.ts';

/**
 * One process's metrics in Prometheus text, the only way to prom-client. Labels are of low cardinality: never a user, chat
 * or message id [S6].
 */
export class Metrics {
  readonly #registry = new Registry();

  /** Adds what every Node process tells: CPU, memory, event loop, garbage collection. */
  collectProcess(): void {
    collectDefaultMetrics({ register: this.#registry });
    const dropped = this.counter({
      name: 'carillon_log_lines_dropped_total',
      help: 'Log lines dropped because nobody read them.',
      collect: () => {
        dropped.reset();
        dropped.inc(droppedLogLines());
      },
    });
  }

  counter<L extends string>(options: Omit<CounterConfiguration<L>, 'registers'>): Counter<L> {
    return this.#once(options.name, () => new Counter({ ...options, ...labelsOf(options), registers: [this.#registry] }));
  }

  gauge<L extends string>(options: Omit<GaugeConfiguration<L>, 'registers'>): Gauge<L> {
    return this.#once(options.name, () => new Gauge({ ...options, ...labelsOf(options), registers: [this.#registry] }));
  }

  histogram<L extends string>(options: Omit<HistogramConfiguration<L>, 'registers'>): Histogram<L> {
    return this.#once(options.name, () => new Histogram({ ...options, ...labelsOf(options), registers: [this.#registry] }));
  }

  /** The same name again is the same metric: the parts of one process fill `carillon_delivery_seconds` together. */
  #once<M>(name: string, create: () => M): M {
    return (this.#registry.getSingleMetric(name) as M | undefined) ?? create();
  }

  text(): Promise<string> {
    return this.#registry.metrics();
  }

  /** Name, help, type of every metric: the source of `docs/reference/metrics.md`. */
  catalogue(): { name: string; help: string; type: string }[] {
    return this.#registry.getMetricsAsArray().map((metric) => {
      const { name, help, type } = metric as unknown as { name: string; help: string; type: string };
      return { name, help, type };
    });
  }
}

/** Filled by API and shards in one process; whoever comes first makes it, so it can always carry `shard`. */
const sharedNames = ['carillon_delivery_seconds', 'carillon_drain_state', 'carillon_presence_seconds'];

function labelsOf<L extends string>(options: { name: string; labelNames?: readonly L[] }): { labelNames: L[] } | Record<string, never> {
  if (!sharedNames.includes(options.name)) return {};
  return { labelNames: [...new Set([...(options.labelNames ?? []), 'shard' as L])] };
}

export type { Counter, Gauge, Histogram } from 'prom-client';

/** Buckets in seconds for a path whose median is milliseconds. */
export const latencyBuckets = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];
