import { type ChildProcess, spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../../', import.meta.url));

/** A command as a person runs it in a terminal, in a process group of its own; what it prints is kept. */
export class Terminal implements AsyncDisposable {
  readonly #child: ChildProcess;
  readonly #exit: Promise<number | NodeJS.Signals>;
  output = '';

  constructor(command: string, env: Record<string, string> = {}) {
    const ours = Object.entries(process.env).filter(
      ([name]) => !/^(DATABASE_URL|KAFKA_BROKERS|REDIS_URL|NODE_ENV|VITEST.*|API_PORT|SHARD_PORT|ADMIN_PORT)$/.test(name),
    );
    this.#child = spawn('sh', ['-c', `exec ${command}`], {
      cwd: root,
      env: { ...Object.fromEntries(ours), ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    });
    for (const stream of [this.#child.stdout, this.#child.stderr]) stream?.on('data', (chunk: Buffer) => this.#keep(chunk));
    this.#exit = new Promise((resolve) => this.#child.once('close', (code, signal) => resolve(signal ?? code ?? 1)));
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** Waits until the output fits; rejects when the command ends before. */
  async prints(pattern: RegExp, deadlineMs = 60_000): Promise<RegExpExecArray> {
    const deadline = Date.now() + deadlineMs;
    const ended = this.#exit.then(() => 'ended' as const);
    for (;;) {
      const match = pattern.exec(this.output);
      if (match !== null) return match;
      if (Date.now() > deadline) throw new Error(`${pattern} was not printed within ${deadlineMs} ms:\n${this.output}`);
      const turn = new Promise((resolve) => setTimeout(resolve, 20));
      if ((await Promise.race([ended, turn])) === 'ended' && pattern.exec(this.output) === null)
        throw new Error(`the command ended:\n${this.output}`);
    }
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** Ctrl-C: the signal goes to the whole foreground process group. */
  interrupt(): void {
    process.kill(-this.pid, 'SIGINT');
  }

  exit(): Promise<number | NodeJS.Signals> {
    return this.#exit;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) process.kill(-this.pid, 'SIGKILL');
    await this.#exit;
  }

  #keep(chunk: Buffer): void {
    this.output += String(chunk);
  }
}

/** Processes whose command line or environment holds this text: a mark that only the program under test was given. */
export function processesWith(mark: string): string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .filter((pid) => ['cmdline', 'environ'].some((file) => readQuietly(`/proc/${pid}/${file}`).includes(mark)))
    .map((pid) => `${pid} ${readQuietly(`/proc/${pid}/cmdline`).replaceAll('\0', ' ')}`)
    .filter((line) => / \S/.test(line));
}

/** A process may end between being listed and being read. */
function readQuietly(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (_gone) {
    return '';
  }
}
