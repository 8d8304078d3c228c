import type { TestProject } from 'vitest/node';
import { announceOnStderr } from './announce-on-stderr.ts';
import { startPostgres } from './postgres.ts';
import type {} from './provided-urls.ts';

/** One Postgres 18 for the run: that of `DATABASE_URL`, else one that is started here and stopped at the end. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const given = process.env['DATABASE_URL'];
  if (given !== undefined && given !== '') {
    project.provide('postgresUrl', given);
    return async () => undefined;
  }
  const server = await startPostgres({ announce: announceOnStderr });
  project.provide('postgresUrl', server.url);
  return () => server.stop();
}
