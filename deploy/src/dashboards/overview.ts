import { objectives } from './objectives.ts';
import { by, type Dashboard, here, percentiles } from './panel.ts';

const good = (name: string, ratio: string, objective: string, about: string) => ({
  title: `${name}: objective ${objective}`,
  about,
  unit: 'percentunit' as const,
  kind: 'stat' as const,
  width: 6,
  queries: [{ expr: `1 - avg_over_time(carillon:${ratio}_error_ratio:rate1h{${here}}[$__range])`, legend: name }],
});

/** The objectives, traffic, and what may be wrong: the first look. */
export const overview: Dashboard = {
  uid: 'carillon-overview',
  title: 'Carillon / Overview',
  about: 'The objectives, and whether anything stands in their way.',
  rows: [
    {
      title: 'Objectives over the chosen time',
      panels: [
        good('Delivered in time', 'delivery', objectives.delivery, `From the commit to the socket within ${objectives.threshold} s.`),
        good('HTTP answered', 'api', objectives.api, 'Not answered with 5xx.'),
        good('Connections accepted', 'connect', objectives.connect, 'Not refused with 503.'),
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
          redFrom: objectives.threshold,
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
