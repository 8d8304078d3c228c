import { type MetricSample, parseMetricsText } from '@carillon/runtime';
import { z } from 'zod';

/** What one process says about itself at its admin port. Names as in `--json`. */
export type ProcessStatus = {
  readonly admin_url: string;
  readonly kind: 'api' | 'shard' | 'unreachable';
  /** A shard's id; an API has none. */
  readonly name: string;
  readonly state: 'ready' | 'starting' | 'draining' | 'not ready' | 'unreachable';
  /** Dependencies that are away. */
  readonly away: readonly string[];
  readonly version: string;
  readonly connections: number;
  readonly degraded: number;
  readonly partitions: number;
  readonly lag_records: number;
  readonly queue_depth: number;
  readonly outbox_rows: number;
  readonly outbox_oldest_seconds: number;
  readonly relay_buckets: number;
  readonly memory_mib: number;
  readonly loop_delay_p99_ms: number;
  readonly started_at: string;
};

const timeoutMs = 5_000;
const readinessSchema = z.object({
  ready: z.boolean(),
  started: z.boolean(),
  draining: z.boolean(),
  dependencies: z.array(z.object({ name: z.string(), up: z.boolean(), required: z.boolean() })),
});

/** Never rejects: a process that does not answer is `unreachable`. */
export async function readStatus(adminUrl: string): Promise<ProcessStatus> {
  try {
    const [readiness, metrics] = await Promise.all([ask(`${adminUrl}/readyz?verbose`), ask(`${adminUrl}/metrics`)]);
    return statusOf(adminUrl, readinessSchema.parse(JSON.parse(readiness)), parseMetricsText(metrics));
  } catch (_unreachable) {
    return statusOf(adminUrl, undefined, []);
  }
}

async function ask(url: string): Promise<string> {
  return (await fetch(url, { signal: AbortSignal.timeout(timeoutMs) })).text();
}

function statusOf(
  admin_url: string,
  readiness: z.infer<typeof readinessSchema> | undefined,
  samples: readonly MetricSample[],
): ProcessStatus {
  const of = (name: string) => samples.filter((sample) => sample.name === name);
  const sum = (name: string) => of(name).reduce((total, { value }) => total + value, 0);
  const [shard] = of('carillon_ws_connections').map(({ labels }) => labels['shard'] ?? '');
  return {
    admin_url,
    kind: readiness === undefined ? 'unreachable' : shard === undefined ? 'api' : 'shard',
    name: shard ?? '',
    state: stateOf(readiness),
    away: readiness?.dependencies.filter(({ up }) => !up).map(({ name }) => name) ?? [],
    version: of('carillon_build_info')[0]?.labels['version'] ?? '',
    connections: sum('carillon_ws_connections'),
    degraded: sum('carillon_degraded_connections'),
    partitions: sum('carillon_partitions_owned'),
    lag_records: sum('carillon_log_lag_records'),
    queue_depth: sum('carillon_delivery_queue_depth'),
    outbox_rows: sum('carillon_outbox_rows'),
    outbox_oldest_seconds: Math.round(sum('carillon_outbox_oldest_seconds') * 10) / 10,
    relay_buckets: sum('carillon_relay_buckets_owned'),
    memory_mib: Math.round(sum('process_resident_memory_bytes') / 2 ** 20),
    loop_delay_p99_ms: Math.round(sum('nodejs_eventloop_lag_p99_seconds') * 1000),
    started_at: new Date(sum('process_start_time_seconds') * 1000).toISOString(),
  };
}

function stateOf(readiness: z.infer<typeof readinessSchema> | undefined): ProcessStatus['state'] {
  if (readiness === undefined) return 'unreachable';
  if (readiness.draining) return 'draining';
  if (!readiness.started) return 'starting';
  return readiness.ready ? 'ready' : 'not ready';
}
