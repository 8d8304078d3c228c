import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readFileSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { StartError } from '@carillon/runtime';
import { findBinDir, healLibraryLinks, readVersion } from './binaries.ts';
import { DataLock } from './data-lock.ts';
import { checkFolders } from './folder-access.ts';
import { freePort } from './free-port.ts';
import { initialize } from './initialize.ts';
import { isReady, stopStalePostmaster } from './postmaster.ts';
import { chooseRunner, type Runner } from './runner.ts';
import { stopProcess } from './stop-process.ts';
import { Watchdog } from './watchdog.ts';

export type EmbeddedPostgresOptions = {
  /** The folder that holds all that belongs to this server; made when it is missing. */
  readonly dataDir: string;
  /** The folder of `initdb` and `postgres`; without it the binaries of the installed platform package. */
  readonly binDir?: string;
  /** A free one when it is not given. */
  readonly port?: number;
  /** Postgres settings, as on its command line: `{ fsync: 'off' }`. */
  readonly settings?: Readonly<Record<string, string>>;
  /** Told before a step that takes longer than a second. */
  readonly announce?: (text: string) => void;
  /** Called when the server ends without `stop()`. */
  readonly onExit?: (how: string) => void;
  /** The data folder is removed when the server stops, and also when this process is killed: for tests. */
  readonly isTemporary?: boolean;
};

export type RunningPostgres = { readonly url: string; readonly port: number; readonly pid: number; readonly version: string };

const superuser = 'carillon';
const readyDeadlineMs = 60_000;
const portAttempts = 3;

/**
 * A real PostgreSQL server as a child process, on loopback TCP only, for development and tests; callers refuse it in
 * production [L4]. States: new → started → stopped; no way back.
 * As root the server runs as an unprivileged user. It has its own process group, so a terminal's Ctrl-C reaches it only
 * through `stop()`; it never outlives this process, even a killed one. One living process per data folder.
 * Fails with a StartError of one sentence.
 */
export class EmbeddedPostgres implements AsyncDisposable {
  readonly #options: EmbeddedPostgresOptions;
  readonly #root: string;
  #lock: DataLock | undefined;
  #child: ChildProcess | undefined;
  #watchdog: Watchdog | undefined;
  #isStopping = false;

  constructor(options: EmbeddedPostgresOptions) {
    this.#options = options;
    this.#root = resolve(options.dataDir);
  }

  /** Resolves once the server takes connections; on failure nothing is left running. */
  async start(): Promise<RunningPostgres> {
    try {
      return await this.#start();
    } catch (error) {
      await this.stop();
      throw error;
    }
  }

  /** Fast shutdown, within about 4 s. May be called twice. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    if (this.#child !== undefined) await stopProcess(this.#child);
    this.#child = undefined;
    await this.#watchdog?.end();
    this.#watchdog = undefined;
    if (this.#options.isTemporary === true) rmSync(this.#root, { recursive: true, force: true });
    this.#lock?.release();
    this.#lock = undefined;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  async #start(): Promise<RunningPostgres> {
    const binDir = this.#options.binDir ?? findBinDir();
    mkdirSync(this.#root, { recursive: true });
    this.#lock = DataLock.take(this.#root);
    const cluster = join(this.#root, 'cluster');
    const runner = chooseRunner(cluster);
    checkFolders([binDir, this.#root], runner);
    healLibraryLinks(binDir);
    await stopStalePostmaster(cluster);
    const announce = this.#options.announce ?? (() => undefined);
    const password = await initialize({ binDir, root: this.#root, cluster, runner, superuser, announce });
    const version = await readVersion(binDir, runner);
    const { port, pid } = await this.#listen(binDir, cluster, runner);
    return { url: `postgres://${superuser}:${password}@127.0.0.1:${port}/postgres`, port, pid, version };
  }

  /** A port that was free a moment ago may be taken by now: then another one is tried, unless the caller chose it. */
  async #listen(binDir: string, cluster: string, runner: Runner): Promise<{ port: number; pid: number }> {
    const attempts = this.#options.port === undefined ? portAttempts : 1;
    for (let attempt = 1; ; attempt += 1) {
      const port = this.#options.port ?? (await freePort());
      const child = this.#spawn(binDir, cluster, runner, port);
      const outcome = await waitUntilReady(child, cluster);
      if (outcome === 'ready') return { port, pid: this.#keep(child, cluster) };
      await stopProcess(child);
      if (attempt >= attempts || outcome === 'late') throw this.#cannotStart(port, outcome);
    }
  }

  #spawn(binDir: string, cluster: string, runner: Runner, port: number): ChildProcess {
    const settings = { port: `${port}`, listen_addresses: '127.0.0.1', unix_socket_directories: '', ...this.#options.settings };
    const flags = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
    const log = openSync(this.#logFile, 'w', 0o600);
    try {
      const child = spawn(join(binDir, 'postgres'), ['-D', cluster, ...flags], {
        ...runner.credentials,
        cwd: cluster,
        env: { PATH: '/usr/bin:/bin', LC_ALL: 'C', TZ: 'UTC' },
        detached: true,
        stdio: ['ignore', log, log],
      });
      child.on('error', () => undefined); // reported as "ended" by waitUntilReady
      return child;
    } finally {
      closeSync(log);
    }
  }

  #keep(child: ChildProcess, cluster: string): number {
    const pid = child.pid ?? 0;
    this.#child = child;
    this.#watchdog = new Watchdog({ pid, cluster, ...(this.#options.isTemporary === true ? { removes: this.#root } : {}) });
    child.unref();
    child.once('exit', (code, signal) => {
      if (!this.#isStopping) this.#options.onExit?.(signal === null ? `exit code ${code}` : `signal ${signal}`);
    });
    return pid;
  }

  #cannotStart(port: number, outcome: string): StartError {
    const log = readFileSync(this.#logFile, 'utf8').trim().split('\n').slice(-5).join(' | ');
    return new StartError(`Embedded Postgres cannot start on port ${port} (${outcome}); the end of ${this.#logFile}: ${log}`);
  }

  get #logFile(): string {
    return join(this.#root, 'postgres.log');
  }
}

/** `ready`, `late` after the deadline, or how the process ended. */
async function waitUntilReady(child: ChildProcess, cluster: string): Promise<string> {
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
