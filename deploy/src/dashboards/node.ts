import { by, type Dashboard, here } from './panel.ts';

/** The processes themselves. */
export const node: Dashboard = {
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
