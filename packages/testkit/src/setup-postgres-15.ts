import type { TestProject } from 'vitest/node';
import { announceOnStderr } from './announce-on-stderr.ts';
import { startPostgres15 } from './postgres.ts';
import type {} from './provided-urls.ts';

/** The same tests on the oldest supported Postgres: that of `POSTGRES_15_URL`, else one that is started here. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const given = process.env['POSTGRES_15_URL'];
  if (given !== undefined && given !== '') {
    project.provide('postgresUrl', given);
    return async () => undefined;
  }
  const server = await startPostgres15({ announce: announceOnStderr });
  project.provide('postgresUrl', server.url);
  return () => server.stop();
}
