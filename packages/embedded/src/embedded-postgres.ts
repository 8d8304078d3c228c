import type { ChildProcess } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { StartError } from '@carillon/runtime';
import { findBinDir, healLibraryLinks, readVersion } from './binaries.ts';
import { DataLock } from './data-lock.ts';
import { checkFolder, makeFolder } from './folder-access.ts';
import { freePort } from './free-port.ts';
import { initialize } from './initialize.ts';
import { placeBinaries } from './place-binaries.ts';
import { stopStalePostmaster } from './postmaster.ts';
import { chooseRunner, type Runner } from './runner.ts';
import { spawnServer, waitUntilReady } from './server-process.ts';
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
  #starting: Promise<RunningPostgres> | undefined;
  #watchdog: Watchdog | undefined;
  #isStopping = false;

  constructor(options: EmbeddedPostgresOptions) {
    this.#options = options;
    this.#root = resolve(options.dataDir);
  }

  /** Resolves once the server takes connections; on failure nothing is left running. */
  async start(): Promise<RunningPostgres> {
    this.#starting = this.#start();
    try {
      return await this.#starting;
    } catch (error) {
      await this.#cleanUp();
      throw error;
    }
  }

  /** Fast shutdown, within about 4 s. May be called twice, and while the server starts. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    if (this.#child !== undefined) await stopProcess(this.#child);
    await this.#starting?.catch(() => undefined); // its caller is told
    await this.#cleanUp();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  async #cleanUp(): Promise<void> {
    if (this.#child !== undefined) await stopProcess(this.#child);
    this.#child = undefined;
    await this.#watchdog?.end();
    this.#watchdog = undefined;
    if (this.#options.isTemporary === true) rmSync(this.#root, { recursive: true, force: true });
    this.#lock?.release();
    this.#lock = undefined;
  }

  async #start(): Promise<RunningPostgres> {
    const installed = this.#options.binDir ?? findBinDir();
    makeFolder(this.#root);
    this.#lock = DataLock.take(this.#root);
    const cluster = join(this.#root, 'cluster');
    this.#watchdog = new Watchdog({ cluster, ...(this.#options.isTemporary === true ? { removes: this.#root } : {}) });
    const runner = chooseRunner(cluster);
    checkFolder(this.#root, runner);
    healLibraryLinks(installed);
    const announce = this.#options.announce ?? (() => undefined);
    const binDir = placeBinaries(installed, runner, announce);
    await stopStalePostmaster(cluster);
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
      if (this.#isStopping) throw new StartError('Embedded Postgres was stopped before it had started.');
      const child = spawnServer({ binDir, cluster, runner, port, settings: this.#options.settings ?? {}, logFile: this.#logFile });
      this.#adopt(child);
      const outcome = await waitUntilReady(child, cluster);
      if (outcome === 'ready') {
        this.#announceExit(child);
        return { port, pid: child.pid ?? 0 };
      }
      await stopProcess(child);
      if (attempt >= attempts || outcome === 'late') throw this.#cannotStart(port, outcome);
    }
  }

  /** From here on the server is ended by `stop()`, and by the watchdog if this process is killed. */
  #adopt(child: ChildProcess): void {
    this.#child = child;
    if (child.pid !== undefined) this.#watchdog?.watch(child.pid);
    child.unref();
  }

  #announceExit(child: ChildProcess): void {
    child.once('exit', (code, signal) => {
      if (!this.#isStopping) this.#options.onExit?.(signal === null ? `exit code ${code}` : `signal ${signal}`);
    });
  }

  #cannotStart(port: number, outcome: string): StartError {
    const log = readFileSync(this.#logFile, 'utf8').trim().split('\n').slice(-5).join(' | ');
    return new StartError(`Embedded Postgres cannot start on port ${port} (${outcome}); the end of ${this.#logFile}: ${log}`);
  }

  get #logFile(): string {
    return join(this.#root, 'postgres.log');
  }
}
