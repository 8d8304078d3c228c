import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { diesWithParent } from './dies-with-parent.ts';
import { forgetProcess, killAtExit } from './process-cleanup.ts';

/** A server program: how it starts, and how its readiness is seen (from its output so far, or by asking it). */
export type ServerProgram = {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd?: string;
  readonly isReady: (output: string) => boolean | Promise<boolean>;
  readonly startTimeoutMs: number;
};

const outputLimit = 16_384;
const stopTimeoutMs = 10_000;

/**
 * A server as a child process, for tests and the local cluster. It ends with this process, however that ends. States:
 * running ⇄ stopped; `restart` runs the same program again (same port, same data), after `stop`, `signal('SIGKILL')` or a crash.
 */
export class ServerProcess implements AsyncDisposable {
  readonly #program: ServerProgram;
  #child: ChildProcess | undefined;
  #output = '';

  constructor(program: ServerProgram) {
    this.#program = program;
  }

  /** Starts the program and resolves when it is ready; else throws with the end of its output. */
  async start(): Promise<void> {
    if (this.pid !== undefined) throw new Error(`${this.#program.name} runs already`);
    this.#output = '';
    const child = this.#spawn();
    this.#child = child;
    const failure = new Promise<never>((_, reject) => child.once('error', reject));
    await Promise.race([failure, this.#untilReady(child)]);
  }

  /** The process id while it runs. */
  get pid(): number | undefined {
    const child = this.#child;
    return child === undefined || hasEnded(child) ? undefined : child.pid;
  }

  /** The last 16 KiB of what it has written. */
  get output(): string {
    return this.#output;
  }

  /** SIGKILL, SIGSTOP, SIGCONT: a fault. Resolves when the process has ended, for a signal that ends it. */
  async signal(signal: 'SIGKILL' | 'SIGSTOP' | 'SIGCONT' | 'SIGTERM'): Promise<void> {
    const child = this.#child;
    if (child === undefined || hasEnded(child)) return;
    const ended = once(child, 'exit');
    child.kill(signal);
    if (signal === 'SIGKILL') await ended;
  }

  async restart(): Promise<void> {
    await this.stop();
    await this.start();
  }

  /** SIGTERM, and SIGKILL after 10 s. */
  async stop(): Promise<void> {
    const child = this.#child;
    if (child === undefined || hasEnded(child)) return;
    const ended = once(child, 'exit');
    child.kill('SIGTERM');
    child.kill('SIGCONT');
    const timer = setTimeout(() => child.kill('SIGKILL'), stopTimeoutMs);
    await ended;
    clearTimeout(timer);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  #spawn(): ChildProcess {
    const [command, args] = diesWithParent(this.#program.command, this.#program.args);
    const child = spawn(command, args, { cwd: this.#program.cwd, stdio: ['ignore', 'pipe', 'pipe'] });
    const keep = (chunk: Buffer) => {
      this.#output = (this.#output + chunk.toString()).slice(-outputLimit);
    };
    child.stdout.on('data', keep);
    child.stderr.on('data', keep);
    const { pid } = child;
    if (pid !== undefined) {
      killAtExit(pid);
      child.once('exit', () => forgetProcess(pid));
    }
    return child;
  }

  async #untilReady(child: ChildProcess): Promise<void> {
    const { name, isReady, startTimeoutMs } = this.#program;
    const deadline = Date.now() + startTimeoutMs;
    while (!(await isReady(this.#output))) {
      if (hasEnded(child)) throw new Error(`${name} ended while starting (${child.exitCode ?? child.signalCode}):\n${this.#output}`);
      if (Date.now() > deadline) {
        await this.signal('SIGKILL');
        throw new Error(`${name} was not ready in ${startTimeoutMs} ms:\n${this.#output}`);
      }
      await new Promise((resolve) => setTimeout(resolve, 25));
    }
  }
}

function hasEnded(child: ChildProcess): boolean {
  return child.pid === undefined || child.exitCode !== null || child.signalCode !== null;
}
