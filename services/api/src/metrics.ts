import { type Gauge, type Histogram, latencyBuckets, type Metrics, version } from '@carillon/runtime';

/** What an API process measures of itself; the relay has its own. No user or chat ids in labels [S6]. */
export class ApiMetrics {
  readonly requestSeconds: Histogram<'route' | 'method' | 'status'>;
  readonly #drainState: Gauge<string>;

  constructor(metrics: Metrics) {
    this.requestSeconds = metrics.histogram({
      name: 'carillon_http_request_seconds',
      help: 'Time to answer a request, by the pattern of its route.',
      labelNames: ['route', 'method', 'status'],
      buckets: latencyBuckets,
    });
    this.#drainState = metrics.gauge({ name: 'carillon_drain_state', help: '0 = serving, 1 = draining.' });
    this.#drainState.set(0);
    metrics
      .gauge({ name: 'carillon_build_info', help: 'Always 1; the label says what runs.', labelNames: ['version'] })
      .set({ version }, 1);
  }

  setDraining(): void {
    this.#drainState.set(1);
  }
}

/** How long the presence takes to answer; for the process that makes the presence. */
export function observePresence(metrics: Metrics): (op: string, seconds: number) => void {
  const histogram = metrics.histogram({
    name: 'carillon_presence_seconds',
    help: 'Time of an operation on presence, failed ones included.',
    labelNames: ['op'],
    buckets: latencyBuckets,
  });
  return (op, seconds) => histogram.observe({ op }, seconds);
}
