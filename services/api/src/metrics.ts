import { type Histogram, latencyBuckets, type Metrics, version } from '@carillon/runtime';

/** What an API process measures of itself; the relay has its own. No user or chat ids in labels [S6]. */
export class ApiMetrics {
  readonly requestSeconds: Histogram<'route' | 'method' | 'status'>;

  constructor(metrics: Metrics) {
    this.requestSeconds = metrics.histogram({
      name: 'carillon_http_request_seconds',
      help: 'Time to answer a request, by the pattern of its route.',
      labelNames: ['route', 'method', 'status'],
      buckets: latencyBuckets,
    });
    metrics
      .gauge({ name: 'carillon_build_info', help: 'Always 1; the label says what runs.', labelNames: ['version'] })
      .set({ version }, 1);
  }
}
