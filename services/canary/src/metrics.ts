import { type Counter, type Gauge, type Histogram, latencyBuckets, type Metrics } from '@carillon/runtime';

/** What the canary tells. Constructed once per process. */
export class CanaryMetrics {
  readonly #seconds: Histogram<'shard'>;
  readonly #reach: Gauge<string>;
  readonly #rounds: Counter<'result'>;

  constructor(metrics: Metrics) {
    this.#seconds = metrics.histogram({
      name: 'carillon_canary_seconds',
      help: 'Time from the request that publishes to the frame that arrives through a shard.',
      labelNames: ['shard'],
      buckets: latencyBuckets,
    });
    this.#reach = metrics.gauge({
      name: 'carillon_canary_reach_ratio',
      help: 'Shards through which the last message arrived, of those that are listed; 0 when it could not be published.',
    });
    this.#rounds = metrics.counter({
      name: 'carillon_canary_rounds_total',
      help: 'Rounds of the canary: reached every shard, missed some, or could not publish.',
      labelNames: ['result'],
    });
    for (const result of ['reached', 'missed', 'unpublished']) this.#rounds.inc({ result }, 0);
  }

  observeArrival(shard: string, seconds: number): void {
    this.#seconds.observe({ shard }, seconds);
  }

  setReach(ratio: number, result: 'reached' | 'missed' | 'unpublished'): void {
    this.#reach.set(ratio);
    this.#rounds.inc({ result });
  }
}
