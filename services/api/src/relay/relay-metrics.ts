import { type Counter, type Gauge, type Histogram, latencyBuckets, type Metrics } from '@carillon/runtime';

/** What a process tells about its relay. Constructed once per process. */
export class RelayMetrics {
  readonly #delivery: Histogram<'stage'>;
  readonly #rows: Gauge<string>;
  readonly #oldest: Gauge<string>;
  readonly #buckets: Gauge<string>;
  readonly #failures: Counter<string>;
  readonly #tooLarge: Counter<string>;

  constructor(metrics: Metrics) {
    this.#delivery = metrics.histogram({
      name: 'carillon_delivery_seconds',
      help: 'Time a notification spends in each stage from the commit to the socket.',
      labelNames: ['stage'],
      buckets: latencyBuckets,
    });
    this.#rows = metrics.gauge({ name: 'carillon_outbox_rows', help: 'Outbox rows that are not in the event log yet, estimated.' });
    this.#oldest = metrics.gauge({
      name: 'carillon_outbox_oldest_seconds',
      help: 'Age of the oldest outbox row, among the first 64 chats of each bucket.',
    });
    this.#buckets = metrics.gauge({ name: 'carillon_relay_buckets_owned', help: 'Outbox buckets that the relay of this process owns.' });
    this.#failures = metrics.counter({
      name: 'carillon_relay_failures_total',
      help: 'Rounds of the relay that failed and were tried again.',
    });
    this.#tooLarge = metrics.counter({
      name: 'carillon_relay_too_large_total',
      help: 'Outbox rows that left as a watermark because the event log refuses their size.',
    });
  }

  /** `ageMs` is taken between two machines' clocks: never below 0. */
  observeRead(ageMs: number): void {
    this.#delivery.observe({ stage: 'commit_to_relay' }, Math.max(0, ageMs) / 1000);
  }

  observeAppended(tookMs: number): void {
    this.#delivery.observe({ stage: 'relay_to_log' }, tookMs / 1000);
  }

  setOutbox(outbox: { rows: number; oldestSeconds: number }): void {
    this.#rows.set(outbox.rows);
    this.#oldest.set(outbox.oldestSeconds);
  }

  setBucketsOwned(buckets: number): void {
    this.#buckets.set(buckets);
  }

  countFailure(): void {
    this.#failures.inc();
  }

  countTooLarge(): void {
    this.#tooLarge.inc();
  }
}
