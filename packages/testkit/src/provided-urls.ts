import type {} from 'vitest';

/** What the global set-ups give to tests: `inject('redisUrl')` and so on. One server of each kind serves a whole run. */
export type ProvidedUrls = {
  readonly postgresUrl: string;
  /** `host:port`, comma-separated. */
  readonly kafkaBrokers: string;
  readonly redisUrl: string;
  /** The browser's program. */
  readonly chromium: string;
};

/** Paths of what tests of the chart run. */
export type ChartTools = {
  readonly helm3: string;
  readonly helm4: string;
  /** A folder for PYTHONPATH. */
  readonly kubernetesValidate: string;
  readonly promtool: string;
};

declare module 'vitest' {
  interface ProvidedContext extends ProvidedUrls {
    readonly chartTools: ChartTools;
  }
}
