import { by, type Dashboard, here } from './panel.ts';

/** Connections, ownership and sockets, shard by shard. */
export const shards: Dashboard = {
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
