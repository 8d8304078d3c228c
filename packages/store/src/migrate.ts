import { fileURLToPath } from 'node:url';
import type { Logger } from '@carillon/runtime';
import { runner } from 'node-pg-migrate';
import pg from 'pg';
import { asUnavailable } from './unavailable.ts';

/** Outside `src`, so that source and compiled form find the same files. */
const folder = fileURLToPath(new URL('../migrations', import.meta.url));
const lockWaitMs = 120_000;

/**
 * Brings the schema up to date, all pending migrations in one transaction. Safe when two start together: the second waits
 * for the first (at most two minutes) and finds nothing to do. Throws `unavailable` when Postgres cannot be reached.
 */
export async function migrate(options: { url: string; logger: Logger }): Promise<void> {
  const client = new pg.Client({
    connectionString: options.url,
    application_name: 'carillon-migrate',
    connectionTimeoutMillis: 10_000,
    lock_timeout: lockWaitMs,
  });
  const { logger } = options;
  client.on('error', (error) => logger.warn({ err: error }, 'migration connection lost'));
  try {
    await client.connect();
    await runner({
      dbClient: client,
      dir: folder,
      direction: 'up',
      migrationsTable: 'migrations',
      singleTransaction: true,
      advisoryLockMode: 'wait',
      logger: {
        info: (message) => logger.debug({ step: message }, 'migration'),
        warn: (message) => logger.warn({ step: message }, 'migration'),
        error: (message) => logger.error({ step: message }, 'migration'),
      },
    });
  } catch (error) {
    throw asUnavailable(error);
  } finally {
    await client.end();
  }
}
