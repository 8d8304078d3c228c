import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { StartError } from '@carillon/runtime';

/** Lines of `postmaster.pid`: the first is the pid, the eighth the state. */
function readPostmasterFile(cluster: string): string[] {
  const path = join(cluster, 'postmaster.pid');
  if (!existsSync(path)) return [];
  try {
    return readFileSync(path, 'utf8').split('\n');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return []; // removed in between
    throw error;
  }
}

/** Whether the server with this pid says that it takes connections. */
export function isReady(cluster: string, pid: number): boolean {
  const lines = readPostmasterFile(cluster);
  return Number(lines[0]) === pid && lines[7]?.trim() === 'ready';
}

const patienceMs = { SIGINT: 8_000, SIGQUIT: 3_000, SIGKILL: 3_000 } as const;

/**
 * A killed predecessor may have left its server running. The data lock is ours, so nobody uses that server any more:
 * fast shutdown, then immediate, then SIGKILL.
 */
export async function stopStalePostmaster(cluster: string): Promise<void> {
  const pid = Number(readPostmasterFile(cluster)[0]);
  if (!(pid > 0) || !isPostmasterOf(pid, cluster)) return;
  for (const signal of ['SIGINT', 'SIGQUIT', 'SIGKILL'] as const) {
    process.kill(pid, signal);
    const deadline = Date.now() + patienceMs[signal];
    while (Date.now() < deadline) {
      if (!isPostmasterOf(pid, cluster)) return;
      await new Promise((wake) => setTimeout(wake, 20));
    }
  }
  throw new StartError(`A Postgres of an earlier run (process ${pid}) still uses ${cluster} and cannot be stopped.`);
}

/** A pid used again by another program does not count. Without /proc the pid file alone is believed, as Postgres does. */
function isPostmasterOf(pid: number, cluster: string): boolean {
  try {
    process.kill(pid, 0);
  } catch {
    return false; // gone
  }
  if (!existsSync('/proc/self/cmdline')) return true;
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').includes(cluster);
  } catch {
    return false; // gone meanwhile
  }
}
