import { by, type Dashboard, here, percentiles } from './panel.ts';

/** Words between @ are objectives: the chart fills them in from slo.json, so that rules and dashboards say the same. */
const [deliveryObjective, threshold, apiObjective, connectObjective] = [
  '@delivery.objective@',
  '@delivery.threshold_seconds@',
  '@api.objective@',
  '@connect.objective@',
];

const good = (name: string, ratio: string, objective: string, about: string) => ({
  title: `${name}: objective ${objective}`,
  about,
  unit: 'percentunit' as const,
  kind: 'stat' as const,
  width: 6,
  queries: [{ expr: `1 - avg_over_time(carillon:${ratio}_error_ratio:rate1h{${here}}[$__range])`, legend: name }],
});

const overview: Dashboard = {
  uid: 'carillon-overview',
  title: 'Carillon / Overview',
  about: 'The objectives, and whether anything stands in their way.',
  rows: [
    {
      title: 'Objectives over the chosen time',
      panels: [
        good('Delivered in time', 'delivery', deliveryObjective, `From the commit to the socket within ${threshold} s.`),
        good('HTTP answered', 'api', apiObjective, 'Not answered with 5xx.'),
        good('Connections accepted', 'connect', connectObjective, 'Not refused with 503.'),
        {
          title: 'Canary reach',
          about: 'Shards through which the last message of the canary arrived.',
          unit: 'percentunit',
          kind: 'stat',
          width: 6,
          queries: [{ expr: `min(carillon_canary_reach_ratio{${here}})`, legend: 'reach' }],
        },
      ],
    },
    {
      title: 'Traffic',
      panels: [
        {
          title: 'Connections',
          about: 'Open sockets, all shards.',
          unit: 'short',
          queries: [{ expr: `sum(carillon_ws_connections{${here}})`, legend: 'connections' }],
        },
        {
          title: 'Frames to clients',
          about: 'By kind.',
          unit: 'ops',
          queries: by('type', `sum by (type) (rate(carillon_ws_frames_sent_total{${here}}[$__rate_interval]))`),
        },
        {
          title: 'HTTP requests',
          about: 'By status.',
          unit: 'reqps',
          queries: by('status', `sum by (status) (rate(carillon_http_request_seconds_count{${here}}[$__rate_interval]))`),
        },
        {
          title: 'Commit to socket',
          about: 'The whole way of a notification.',
          unit: 's',
          redFrom: threshold,
          queries: percentiles('carillon_delivery_seconds', `${here},stage="total"`),
        },
        { title: 'HTTP latency', about: 'All routes.', unit: 's', queries: percentiles('carillon_http_request_seconds', here) },
        {
          title: 'Canary',
          about: 'From the request that publishes to the frame.',
          unit: 's',
          queries: percentiles('carillon_canary_seconds', here),
        },
      ],
    },
    {
      title: 'What may be wrong',
      panels: [
        {
          title: 'Error budget, burn over an hour',
          about: 'Share of errors by objective.',
          unit: 'percentunit',
          queries: [
            { expr: `carillon:delivery_error_ratio:rate1h{${here}}`, legend: 'delivery' },
            { expr: `carillon:api_error_ratio:rate1h{${here}}`, legend: 'api' },
            { expr: `carillon:connect_error_ratio:rate1h{${here}}`, legend: 'connect' },
          ],
        },
        {
          title: 'Dependencies that do not answer',
          about: 'Processes that miss one.',
          unit: 'short',
          redFrom: 1,
          queries: by('dependency', `sum by (dependency) (1 - carillon_dependency_up{${here}})`),
        },
        {
          title: 'Versions',
          about: 'Processes by what they run.',
          unit: 'short',
          queries: [{ expr: `count by (job, version) (carillon_build_info{${here}})`, legend: '{{job}} {{version}}' }],
        },
      ],
    },
  ],
};

const shards: Dashboard = {
  uid: 'carillon-shards',
  title: 'Carillon / Shards',
  about: 'Connections, partitions and drains, shard by shard.',
  rows: [
    {
      title: 'Connections',
      panels: [
        { title: 'Connections', about: 'By shard.', unit: 'short', queries: by('shard', `carillon_ws_connections{${here}}`) },
        {
          title: 'Accepted',
          about: 'Upgrades per second.',
          unit: 'ops',
          queries: by('shard', `rate(carillon_ws_upgrades_total{${here}}[$__rate_interval])`),
        },
        {
          title: 'Refused',
          about: 'Upgrades per second, by reason.',
          unit: 'ops',
          queries: by('reason', `sum by (reason) (rate(carillon_ws_upgrades_refused_total{${here}}[$__rate_interval]))`),
        },
        {
          title: 'Closes',
          about: 'By code: 1006 = torn, 4000 = drained, 4002 = slow, 4004 = load shed.',
          unit: 'ops',
          queries: by('code', `sum by (code) (rate(carillon_ws_closes_total{${here}}[$__rate_interval]))`),
        },
        {
          title: 'Resumes',
          about: 'Replayed without a query, or not.',
          unit: 'ops',
          queries: by('outcome', `sum by (outcome) (rate(carillon_ws_resumes_total{${here}}[$__rate_interval]))`),
        },
        {
          title: 'Degraded connections',
          about: 'Told to look for themselves every 5 s.',
          unit: 'short',
          queries: by('shard', `carillon_degraded_connections{${here}}`),
        },
      ],
    },
    {
      title: 'Ownership',
      panels: [
        {
          title: 'Partitions owned',
          about: 'By shard; their sum is the number of partitions.',
          unit: 'short',
          queries: by('shard', `carillon_partitions_owned{${here}}`),
        },
        {
          title: 'Draining',
          about: '1 from SIGTERM to the end.',
          unit: 'short',
          queries: by('shard', `carillon_drain_state{${here},shard!=""}`),
        },
        {
          title: 'Losses not told yet',
          about: 'Partitions of which other shards must still learn.',
          unit: 'short',
          redFrom: 1,
          queries: by('shard', `carillon_lost_partitions{${here}}`),
        },
      ],
    },
    {
      title: 'Sockets',
      panels: [
        {
          title: 'Bytes to clients',
          about: 'Payload.',
          unit: 'Bps',
          queries: by('shard', `rate(carillon_ws_bytes_sent_total{${here}}[$__rate_interval])`),
        },
        {
          title: 'Frames per write',
          about: 'What one system call carries.',
          unit: 'short',
          queries: [
            {
              expr: `sum(rate(carillon_ws_frames_sent_total{${here}}[$__rate_interval])) / sum(rate(carillon_ws_writes_total{${here}}[$__rate_interval]))`,
              legend: 'frames',
            },
          ],
        },
        {
          title: 'Slow consumers',
          about: 'What was withheld, and who was closed.',
          unit: 'ops',
          queries: by('action', `sum by (action) (rate(carillon_slow_consumers_total{${here}}[$__rate_interval]))`),
        },
        {
          title: 'Resyncs',
          about: 'Connections told that events may be missing.',
          unit: 'ops',
          queries: by('reason', `sum by (reason) (rate(carillon_resyncs_total{${here}}[$__rate_interval]))`),
        },
        {
          title: 'Frames ignored and refused',
          about: 'Of newer clients, and by the transport.',
          unit: 'ops',
          queries: [
            { expr: `sum(rate(carillon_ws_frames_ignored_total{${here}}[$__rate_interval]))`, legend: 'ignored' },
            { expr: `sum(rate(carillon_ws_frames_refused_total{${here}}[$__rate_interval]))`, legend: 'refused' },
          ],
        },
      ],
    },
  ],
};

const stage = (title: string, name: string, about: string) => ({
  title,
  about,
  unit: 's' as const,
  queries: percentiles('carillon_delivery_seconds', `${here},stage="${name}"`),
  width: 6,
});

const delivery: Dashboard = {
  uid: 'carillon-delivery',
  title: 'Carillon / Delivery by stage',
  about: 'Where the time between commit and socket goes.',
  rows: [
    {
      title: 'Stages',
      panels: [
        stage('1 Commit to relay', 'commit_to_relay', 'Waiting in the outbox.'),
        stage('2 Relay to log', 'relay_to_log', 'The append, until Kafka has acknowledged it.'),
        stage('3 Log to shard', 'log_to_shard', 'Until the owner has read it.'),
        stage('4 Shard to socket', 'shard_to_socket', 'Pool, routing and send queue.'),
        {
          title: 'All of it',
          about: `Objective: ${deliveryObjective} within ${threshold} s.`,
          unit: 's',
          redFrom: threshold,
          width: 24,
          queries: percentiles('carillon_delivery_seconds', `${here},stage="total"`),
        },
      ],
    },
    {
      title: 'Queues on the way',
      panels: [
        {
          title: 'Outbox rows',
          about: 'Not in the log yet.',
          unit: 'short',
          queries: [{ expr: `max(carillon_outbox_rows{${here}})`, legend: 'rows' }],
        },
        {
          title: 'Oldest outbox row',
          about: 'Its age.',
          unit: 's',
          redFrom: 30,
          queries: [{ expr: `max(carillon_outbox_oldest_seconds{${here}})`, legend: 'age' }],
        },
        {
          title: 'Buckets owned',
          about: 'By relay; their sum is 16.',
          unit: 'short',
          queries: by('pod', `carillon_relay_buckets_owned{${here}}`),
        },
        {
          title: 'Lag',
          about: 'Records behind the end of the log.',
          unit: 'short',
          queries: by('shard', `carillon_log_lag_records{${here}}`),
        },
        {
          title: 'Delivery pool',
          about: 'Records that wait in it.',
          unit: 'short',
          queries: by('shard', `carillon_delivery_queue_depth{${here}}`),
        },
        {
          title: 'Forwarded',
          about: 'To other shards, by result.',
          unit: 'ops',
          queries: by('result', `sum by (result) (rate(carillon_forwarded_total{${here}}[$__rate_interval]))`),
        },
      ],
    },
    {
      title: 'What went another way',
      panels: [
        {
          title: 'Relay failures',
          about: 'Rounds that were tried again.',
          unit: 'ops',
          queries: by('pod', `rate(carillon_relay_failures_total{${here}}[$__rate_interval])`),
        },
        {
          title: 'Too large for Kafka',
          about: 'Left as watermarks.',
          unit: 'ops',
          queries: [{ expr: `sum(rate(carillon_relay_too_large_total{${here}}[$__rate_interval]))`, legend: 'events' }],
        },
        {
          title: 'Skipped and unreadable records',
          about: 'Their readers were told to resync.',
          unit: 'ops',
          queries: [
            { expr: `sum(rate(carillon_log_skipped_records_total{${here}}[$__rate_interval]))`, legend: 'skipped' },
            { expr: `sum(rate(carillon_log_poison_total{${here}}[$__rate_interval]))`, legend: 'unreadable' },
          ],
        },
      ],
    },
  ],
};

const dependencies: Dashboard = {
  uid: 'carillon-dependencies',
  title: 'Carillon / Kafka, Postgres, Redis',
  about: 'Postgres, Kafka and Redis as Carillon sees them.',
  rows: [
    {
      title: 'Who answers',
      panels: [
        ...['postgres', 'kafka', 'redis'].map((name) => ({
          title: name,
          about: 'Share of the processes that it answers.',
          unit: 'percentunit' as const,
          queries: [{ expr: `avg(carillon_dependency_up{${here},dependency="${name}"})`, legend: name }],
        })),
      ],
    },
    {
      title: 'How fast',
      panels: [
        {
          title: 'Postgres: HTTP by route',
          about: 'p99; nearly all of it is the query.',
          unit: 's',
          queries: by(
            'route',
            `histogram_quantile(0.99, sum by (le, route) (rate(carillon_http_request_seconds_bucket{${here}}[$__rate_interval])))`,
          ),
        },
        {
          title: 'Kafka: append',
          about: 'Until all in-sync replicas have it.',
          unit: 's',
          queries: percentiles('carillon_delivery_seconds', `${here},stage="relay_to_log"`),
        },
        {
          title: 'Redis: operations',
          about: 'p99 by operation; 0.3 s is the limit of one.',
          unit: 's',
          redFrom: 0.3,
          queries: by(
            'op',
            `histogram_quantile(0.99, sum by (le, op) (rate(carillon_presence_seconds_bucket{${here}}[$__rate_interval])))`,
          ),
        },
      ],
    },
  ],
};

const node: Dashboard = {
  uid: 'carillon-node',
  title: 'Carillon / Node',
  about: 'The processes themselves: CPU, memory, event loop, garbage collection.',
  rows: [
    {
      title: 'Processes',
      panels: [
        { title: 'CPU', about: 'Cores.', unit: 'short', queries: by('pod', `rate(process_cpu_seconds_total{${here}}[$__rate_interval])`) },
        {
          title: 'Event loop, p99',
          about: 'Above 0.1 s clients feel it; above 0.2 s a shard refuses connections.',
          unit: 's',
          redFrom: 0.1,
          queries: by('pod', `nodejs_eventloop_lag_p99_seconds{${here}}`),
        },
        {
          title: 'Heap',
          about: 'Of its limit.',
          unit: 'percentunit',
          redFrom: 0.85,
          queries: by('pod', `nodejs_heap_size_used_bytes{${here}} / carillon_heap_limit_bytes{${here}}`),
        },
        {
          title: 'Resident memory',
          about: 'Heap, buffers and code.',
          unit: 'bytes',
          queries: by('pod', `process_resident_memory_bytes{${here}}`),
        },
        {
          title: 'Garbage collection',
          about: 'Share of the time.',
          unit: 'percentunit',
          queries: by('pod', `sum by (pod) (rate(nodejs_gc_duration_seconds_sum{${here}}[$__rate_interval]))`),
        },
        { title: 'Open files', about: 'Sockets included.', unit: 'short', queries: by('pod', `process_open_fds{${here}}`) },
        {
          title: 'Restarts',
          about: 'Processes that began in the last hour.',
          unit: 'short',
          queries: by('pod', `changes(process_start_time_seconds{${here}}[1h])`),
        },
      ],
    },
  ],
};

/** Every dashboard, by the file that it becomes in the chart. */
export const dashboards: Readonly<Record<string, Dashboard>> = { overview, shards, delivery, dependencies, node };
