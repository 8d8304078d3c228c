import { closeCodes } from '@carillon/protocol';
import { type Histogram, latencyBuckets, type Metrics, version } from '@carillon/runtime';
import type { FrameKind } from './connection/outgoing-frame.ts';

/** The parts of a notification's way that a shard sees; the relay measures those before. */
export type DeliveryStage = 'log_to_shard' | 'shard_to_socket' | 'total';

/**
 * What became of a client's `pos`, the label `outcome` of `carillon_ws_resumes_total`. `unknown`: its record is not among the recent
 * ones of this shard. `too_much`: the frames behind it would fill the send queue, so a sync is cheaper. `interrupted`: the partition
 * was lost, or a record of it, before the registration took effect.
 */
export type ResumeOutcome = 'replayed' | 'unknown' | 'too_much' | 'interrupted';

/** What is read when Prometheus asks, not counted. */
export type ShardReadings = {
  connections(): number;
  degradedConnections(): number;
  lostPartitions(): number;
  queueDepth(): number;
  lagRecords(): number;
  partitionsOwned(): number;
  isDraining(): boolean;
};

/**
 * The shard metrics of one process, made once; `forShard` binds the label. Counts are plain numbers that are read when
 * Prometheus asks: the hot path pays an addition per frame, not a look-up.
 */
export class ShardMetrics {
  readonly #shards = new Map<string, { counts: ShardCounts; readings: ShardReadings }>();
  readonly #delivery: Histogram<'stage' | 'shard'>;
  readonly #presence: Histogram<'op' | 'shard'>;

  constructor(metrics: Metrics) {
    this.#delivery = metrics.histogram({
      name: 'carillon_delivery_seconds',
      help: 'Time of a stage of the delivery, sampled once per millisecond at most; total: commit to the first socket',
      labelNames: ['stage', 'shard'],
      buckets: latencyBuckets,
    });
    this.#presence = metrics.histogram({
      name: 'carillon_presence_seconds',
      help: 'Time of an operation on presence, failed ones included',
      labelNames: ['op', 'shard'],
      buckets: latencyBuckets,
    });
    metrics
      .gauge({ name: 'carillon_build_info', help: 'Always 1; the label says what runs.', labelNames: ['version'] })
      .set({ version }, 1);
    this.#registerCounters(metrics);
    this.#registerGauges(metrics);
  }

  /** The counts of one shard. A shard that starts again under the same id counts from 0, as a new process would. */
  forShard(shardId: string): ShardCounts {
    const counts = new ShardCounts((stage, seconds) => this.#delivery.observe({ stage, shard: shardId }, seconds));
    this.#shards.set(shardId, { counts, readings: noReadings });
    return counts;
  }

  observePresence(shardId: string, op: string, seconds: number): void {
    this.#presence.observe({ op, shard: shardId }, seconds);
  }

  /** Binds what is read from the shard's parts; called by its composition. */
  read(shardId: string, readings: ShardReadings): void {
    const shard = this.#shards.get(shardId);
    if (shard !== undefined) shard.readings = readings;
  }

  #registerCounters(metrics: Metrics): void {
    this.#counter(metrics, 'carillon_ws_closes_total', 'Connections that ended, by close code', 'code', (counts) => counts.closes);
    this.#counter(metrics, 'carillon_ws_frames_sent_total', 'Frames handed to sockets', 'type', (counts) => counts.framesSent);
    this.#counter(
      metrics,
      'carillon_ws_frames_ignored_total',
      'Client frames of an unknown type',
      undefined,
      (counts) => counts.framesIgnored,
    );
    this.#counter(metrics, 'carillon_ws_frames_refused_total', 'Frames the transport refused', undefined, (counts) => counts.framesRefused);
    this.#counter(metrics, 'carillon_ws_bytes_sent_total', 'Payload bytes handed to sockets', undefined, (counts) => counts.bytesSent);
    this.#counter(metrics, 'carillon_ws_writes_total', 'Corked writes: frames ÷ writes = coalescing', undefined, (counts) => counts.writes);
    this.#counter(metrics, 'carillon_ws_upgrades_total', 'Upgrades accepted', undefined, (counts) => counts.upgrades);
    this.#counter(metrics, 'carillon_ws_upgrades_refused_total', 'Upgrades refused', 'reason', (counts) => counts.upgradesRefused);
    this.#counter(
      metrics,
      'carillon_slow_consumers_total',
      'What was done about slow consumers',
      'action',
      (counts) => counts.slowConsumers,
    );
    this.#counter(metrics, 'carillon_ws_resumes_total', 'Clients that asked for a replay', 'outcome', (counts) => counts.resumes);
    this.#counter(metrics, 'carillon_forwarded_total', 'Notifications forwarded to other shards', 'result', (counts) => counts.forwarded);
    this.#counter(metrics, 'carillon_resyncs_total', 'Connections told that events may be missing', 'reason', (counts) => counts.resyncs);
    this.#counter(
      metrics,
      'carillon_log_skipped_records_total',
      'Records passed over at a takeover, because the backlog was too long',
      undefined,
      (counts) => counts.skippedRecords,
    );
    this.#counter(metrics, 'carillon_log_poison_total', 'Records whose headers cannot be read', undefined, (counts) => counts.poison);
  }

  #registerGauges(metrics: Metrics): void {
    this.#gauge(metrics, 'carillon_ws_connections', 'Open connections', (readings) => readings.connections());
    this.#gauge(metrics, 'carillon_degraded_connections', 'Connections told that events may find no way here', (readings) =>
      readings.degradedConnections(),
    );
    this.#gauge(metrics, 'carillon_lost_partitions', 'Partitions with a loss that other shards are not told yet', (readings) =>
      readings.lostPartitions(),
    );
    this.#gauge(metrics, 'carillon_delivery_queue_depth', 'Records that wait in the delivery pool', (readings) => readings.queueDepth());
    this.#gauge(metrics, 'carillon_log_lag_records', 'Records behind the end of the log', (readings) => readings.lagRecords());
    this.#gauge(metrics, 'carillon_partitions_owned', 'Partitions assigned to this shard', (readings) => readings.partitionsOwned());
    this.#gauge(metrics, 'carillon_drain_state', '0 no, 1 draining', (readings) => (readings.isDraining() ? 1 : 0));
  }

  #counter(
    metrics: Metrics,
    name: string,
    help: string,
    label: string | undefined,
    read: (counts: ShardCounts) => number | Readonly<Record<string, number>>,
  ): void {
    const shards = this.#shards;
    metrics.counter<string>({
      name,
      help,
      labelNames: label === undefined ? ['shard'] : ['shard', label],
      collect() {
        this.reset();
        for (const [shard, { counts }] of shards) {
          const value = read(counts);
          if (typeof value === 'number') this.inc({ shard }, value);
          else if (label !== undefined) for (const [key, count] of Object.entries(value)) this.inc({ shard, [label]: key }, count);
        }
      },
    });
  }

  #gauge(metrics: Metrics, name: string, help: string, read: (readings: ShardReadings) => number): void {
    const shards = this.#shards;
    metrics.gauge<string>({
      name,
      help,
      labelNames: ['shard'],
      collect() {
        for (const [shard, { readings }] of shards) this.set({ shard }, read(readings));
      },
    });
  }
}

/** The running counts of one shard, from its start. */
export class ShardCounts {
  readonly framesSent: Record<FrameKind, number> = {
    ready: 0,
    event: 0,
    watermark: 0,
    signal: 0,
    heartbeat: 0,
    resync: 0,
    reconnect: 0,
    authenticated: 0,
    pong: 0,
  };
  readonly closes: Record<string, number> = Object.fromEntries(Object.values(closeCodes).map(({ code }) => [String(code), 0]));
  readonly slowConsumers = { watermark: 0, resync: 0, close: 0 };
  readonly resumes: Record<ResumeOutcome, number> = { replayed: 0, unknown: 0, too_much: 0, interrupted: 0 };
  readonly forwarded = { sent: 0, gone: 0, failed: 0 };
  /** Those of a full send queue are counted by `slowConsumers`. */
  readonly resyncs = { gap: 0, takeover: 0, degraded: 0, recovered: 0 };
  readonly upgradesRefused: Record<string, number> = {};
  upgrades = 0;
  framesIgnored = 0;
  framesRefused = 0;
  bytesSent = 0;
  writes = 0;
  poison = 0;
  skippedRecords = 0;
  readonly #observe: (stage: DeliveryStage, seconds: number) => void;

  constructor(observe: (stage: DeliveryStage, seconds: number) => void) {
    this.#observe = observe;
  }

  countClose(code: number): void {
    const key = String(code);
    this.closes[key] = (this.closes[key] ?? 0) + 1;
  }

  countRefusedUpgrade(reason: string): void {
    this.upgradesRefused[reason] = (this.upgradesRefused[reason] ?? 0) + 1;
  }

  /** Two machines' clocks may differ: what seems to be negative counts as 0. */
  observe(stage: DeliveryStage, ms: number): void {
    this.#observe(stage, Math.max(ms, 0) / 1000);
  }
}

const noReadings: ShardReadings = {
  connections: () => 0,
  degradedConnections: () => 0,
  lostPartitions: () => 0,
  queueDepth: () => 0,
  lagRecords: () => 0,
  partitionsOwned: () => 0,
  isDraining: () => false,
};
