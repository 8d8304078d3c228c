import { by, type Dashboard, here, percentiles } from './panel.ts';

/** Postgres, Kafka and Redis, as seen from Carillon. */
export const dependencies: Dashboard = {
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
