import { objectives } from './objectives.ts';
import { by, type Dashboard, here, percentiles } from './panel.ts';

const stage = (title: string, name: string, about: string) => ({
  title,
  about,
  unit: 's' as const,
  queries: percentiles('carillon_delivery_seconds', `${here},stage="${name}"`),
  width: 6,
});

/** The way of a notification, stage by stage, and the queues on it. */
export const delivery: Dashboard = {
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
          about: `Objective: ${objectives.delivery} within ${objectives.threshold} s.`,
          unit: 's',
          redFrom: objectives.threshold,
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
