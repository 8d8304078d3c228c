import { chmodSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EmbeddedPostgres, type RunningPostgres } from '@carillon/embedded';
import { freePorts } from '../free-ports.ts';
import { removeAtExit, removeFolder } from '../process-cleanup.ts';

/** Commits reach the operating system before they are answered: a killed server loses none. The disk is not waited for. */
const settings = { max_connections: '300', shared_buffers: '64MB', fsync: 'off', full_page_writes: 'off' };
const startDeadlineMs = 30_000;

/**
 * A Postgres server that crashes and comes back on the same port with the same data. States: running ⇄ crashed, → stopped.
 */
export class RestartablePostgres implements AsyncDisposable {
  readonly #dataDir: string;
  readonly #port: number;
  #server: EmbeddedPostgres;
  #running: RunningPostgres | undefined;
  #isCrashed = false;

  private constructor(dataDir: string, port: number) {
    this.#dataDir = dataDir;
    this.#port = port;
    this.#server = this.#create();
  }

  static async start(): Promise<RestartablePostgres> {
    const dataDir = mkdtempSync(join(tmpdir(), 'carillon-postgres-'));
    chmodSync(dataDir, 0o755); // the server's own user has to be able to enter it
    removeAtExit(dataDir);
    const [port = 0] = await freePorts(1);
    const postgres = new RestartablePostgres(dataDir, port);
    await postgres.restart();
    return postgres;
  }

  get url(): string {
    if (this.#running === undefined) throw new Error('Postgres was never started');
    return this.#running.url;
  }

  get isCrashed(): boolean {
    return this.#isCrashed;
  }

  /** SIGQUIT = immediate shutdown, as `pg_ctl -m immediate`; SIGKILL = the server's main process is gone at once. */
  async crash(signal: 'SIGQUIT' | 'SIGKILL'): Promise<void> {
    if (this.#running !== undefined) process.kill(this.#running.pid, signal);
    await this.#server.stop();
    this.#isCrashed = true;
  }

  /** Starts again after a crash. Orphans of a killed server hold its memory for a moment: tried until they are gone. */
  async restart(): Promise<void> {
    const deadline = Date.now() + startDeadlineMs;
    for (;;) {
      this.#server = this.#create();
      try {
        this.#running = await this.#server.start();
        this.#isCrashed = false;
        return;
      } catch (error) {
        if (Date.now() > deadline) throw error;
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server.stop();
    removeFolder(this.#dataDir);
  }

  #create(): EmbeddedPostgres {
    return new EmbeddedPostgres({ dataDir: this.#dataDir, port: this.#port, settings });
  }
}
