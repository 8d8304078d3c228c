import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

type K6Options = {
  readonly program: string;
  readonly scenario: string;
  readonly env: Readonly<Record<string, string>>;
  readonly onLine: (line: string) => void;
};

const stopGraceMs = 15_000;

/** k6 on one scenario script. Its exit code: 0, 99 = a threshold was crossed, anything else = it broke. */
export class K6Process implements AsyncDisposable {
  readonly #child: ChildProcess;
  readonly #exited: Promise<number>;

  constructor({ program, scenario, env, onLine }: K6Options) {
    const script = fileURLToPath(new URL(`../../k6/scenarios/${scenario}.ts`, import.meta.url));
    const flags = ['--quiet', '--log-format=raw', '--log-output=stdout', '--no-usage-report', '--address='];
    this.#child = spawn(program, ['run', ...flags, script], { env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
    for (const stream of [this.#child.stdout, this.#child.stderr])
      if (stream !== null) createInterface({ input: stream }).on('line', onLine);
    this.#exited = once(this.#child, 'exit').then(([code]) => (typeof code === 'number' ? code : 105));
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  exited(): Promise<number> {
    return this.#exited;
  }

  /** SIGINT: k6 ends its iterations and still sums up; SIGKILL when that takes too long. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    this.#child.kill('SIGINT');
    const kill = setTimeout(() => this.#child.kill('SIGKILL'), stopGraceMs);
    await this.#exited;
    clearTimeout(kill);
  }
}
