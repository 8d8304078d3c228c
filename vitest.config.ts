import { defineConfig } from 'vitest/config';

/** What a test file's suffix says it needs, and the set-up that provides it. Each set-up uses the URL in the environment, else starts a server. */
const needs: Record<string, string[]> = {
  pg: ['setup-postgres'],
  kafka: ['setup-kafka'],
  redis: ['setup-redis'],
  chart: ['setup-chart'],
  e2e: ['setup-postgres', 'setup-kafka', 'setup-redis'],
  browser: ['setup-postgres', 'setup-kafka', 'setup-redis', 'setup-chromium'],
  fault: ['setup-postgres', 'setup-kafka', 'setup-redis'],
};
/** Ends what hangs. No speed is asked for: on a loaded machine all of this takes many times as long. */
const patience = { testTimeout: 60_000, hookTimeout: 120_000, expect: { poll: { timeout: 20_000 } } };
/** Tests of whole clusters: one at a time, and they take their time. */
const isOfProcesses = (name: string) => name === 'e2e' || name === 'browser' || name === 'fault';
const setupFile = (name: string) => `./packages/testkit/src/${name}.ts`;
const roots = ['packages/*/src', 'services/*/src', 'loadtest/src', 'loadtest/k6', 'deploy/src', 'tools'];
const files = (suffix: string) => roots.map((root) => `${root}/**/*.${suffix}.ts`);
const resolve = { conditions: ['carillon-source', 'module', 'node', 'development|production'] };
const base = { resolve, ssr: { resolve } };

export default defineConfig({
  ...base,
  test: {
    pool: 'forks',
    maxWorkers: 2,
    projects: [
      {
        ...base,
        test: {
          ...patience,
          name: 'unit',
          include: [...files('test'), ...files('fuzz.test')],
          exclude: ['**/node_modules/**', '**/dist/**', ...Object.keys(needs).flatMap((need) => files(`${need}.test`))],
        },
      },
      ...Object.entries(needs).map(([name, setups]) => ({
        ...base,
        test: {
          name: name === 'fault' ? 'faults' : name,
          include: files(`${name}.test`),
          exclude: ['**/node_modules/**', '**/dist/**'],
          globalSetup: setups.map(setupFile),
          ...patience,
          ...(isOfProcesses(name) ? { fileParallelism: false, sequence: { groupOrder: 1 }, testTimeout: 120_000 } : {}),
        },
      })),
      {
        ...base,
        test: {
          ...patience,
          name: 'pg15',
          include: ['packages/store/src/**/*.pg.test.ts'],
          exclude: ['**/node_modules/**', '**/dist/**'],
          globalSetup: [setupFile('setup-postgres-15')],
        },
      },
    ],
  },
});
