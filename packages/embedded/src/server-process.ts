import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { isReady } from './postmaster.ts';
import type { Runner } from './runner.ts';

type ServerPlan = {
  readonly binDir: string;
  readonly cluster: string;
  readonly runner: Runner;
  readonly port: number;
  readonly settings: Readonly<Record<string, string>>;
  readonly logFile: string;
};

const readyDeadlineMs = 60_000;

/** Starts the server in a process group of its own, on loopback TCP only. It may end at once: see `waitUntilReady`. */
export function spawnServer(plan: ServerPlan): ChildProcess {
  const settings = { port: `${plan.port}`, listen_addresses: '127.0.0.1', unix_socket_directories: '', ...plan.settings };
  const flags = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  const log = openSync(plan.logFile, 'w', 0o600);
  try {
    const child = spawn(join(plan.binDir, 'postgres'), ['-D', plan.cluster, ...flags], {
      ...plan.runner.credentials,
      cwd: plan.cluster,
      env: { PATH: '/usr/bin:/bin', LC_ALL: 'C', TZ: 'UTC' },
      detached: true,
      stdio: ['ignore', log, log],
    });
    child.on('error', () => undefined); // reported as its end by waitUntilReady
    return child;
  } finally {
    closeSync(log);
  }
}

/** `ready`, `late` after the deadline, or how the process ended. */
export async function waitUntilReady(child: ChildProcess, cluster: string): Promise<string> {
  let ended: string | undefined;
  child.once('exit', (code, signal) => {
    ended = signal === null ? `exit code ${code}` : `signal ${signal}`;
  });
  child.once('error', (error) => {
    ended = error.message;
  });
  const deadline = Date.now() + readyDeadlineMs;
  while (Date.now() < deadline) {
    if (ended !== undefined) return ended;
    if (child.pid !== undefined && isReady(cluster, child.pid)) return 'ready';
    await new Promise((wake) => setTimeout(wake, 10));
  }
  return 'late';
}
