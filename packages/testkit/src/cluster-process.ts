import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { diesWithParent } from './dies-with-parent.ts';

type ClusterProcessOptions = {
  readonly role: string;
  /** Path of the program inside the repository. */
  readonly program: string;
  readonly env: Readonly<Record<string, string>>;
  readonly onLine: (role: string, line: string) => void;
  readonly onExit: (role: string, how: string) => void;
};

const root = fileURLToPath(new URL('../../../', import.meta.url));
const keptLines = 200;

/**
 * One production program as a child process: its output line by line, its end, its signals. The last 200 lines are kept for
 * the message of a failed start. It ends with this process, however that ends. Dispose: SIGTERM, then SIGKILL after 10 s.
 */
export class ClusterProcess implements AsyncDisposable {
  readonly role: string;
  readonly #child: ChildProcess;
  readonly #exited: Promise<string>;
  readonly #lines: string[] = [];
  #isStopping = false;
  #how: string | undefined;

  constructor(options: ClusterProcessOptions) {
    this.role = options.role;
    const [command, args] = diesWithParent(process.execPath, ['--max-semi-space-size=64', `${root}${options.program}`]);
    this.#child = spawn(command, args, {
      cwd: root,
      env: { ...options.env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      if (stream !== null) createInterface({ input: stream }).on('line', (line) => this.#keep(line, options.onLine));
    }
    this.#exited = new Promise((resolve) => {
      this.#child.once('error', (error) => resolve(`cannot be started: ${error.message}`));
      this.#child.once('exit', (code, signal) => resolve(signal === null ? `exit code ${code}` : `signal ${signal}`));
    });
    void this.#exited.then((how) => {
      this.#how = how;
      if (!this.#isStopping) options.onExit(this.role, how);
    });
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** How the process ended; undefined while it runs. */
  get ended(): string | undefined {
    return this.#how;
  }

  lastLines(): readonly string[] {
    return this.#lines;
  }

  signal(signal: NodeJS.Signals): void {
    this.#isStopping ||= signal === 'SIGTERM' || signal === 'SIGINT' || signal === 'SIGKILL';
    this.#child.kill(signal);
  }

  /** Resolves with how the process ended. */
  exited(): Promise<string> {
    return this.#exited;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.signal('SIGTERM');
    this.signal('SIGCONT');
    const kill = setTimeout(() => this.#child.kill('SIGKILL'), 10_000);
    await this.#exited;
    clearTimeout(kill);
  }

  #keep(line: string, onLine: (role: string, line: string) => void): void {
    this.#lines.push(line);
    if (this.#lines.length > keptLines) this.#lines.shift();
    onLine(this.role, line);
  }
}

/** Runs a program of the repository to its end; rejects with its output unless it exits with 0. */
export async function runToEnd(options: Omit<ClusterProcessOptions, 'onExit'>): Promise<void> {
  const child = new ClusterProcess({ ...options, onExit: () => undefined });
  const how = await child.exited();
  if (how !== 'exit code 0') throw new Error(`${options.role} ended with ${how}:\n${child.lastLines().join('\n')}`);
}
