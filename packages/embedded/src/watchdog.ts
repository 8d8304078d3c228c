import { type ChildProcess, spawn } from 'node:child_process';

/**
 * Waits until its input ends, which happens however this process ends, and then stops the server whose pid it was told last.
 * A pid that is another program's by now does not count. `$1` the server's data, `$2` a folder to remove or nothing.
 */
const script = `
pid=
while read -r line; do pid=$line; done
runs() { [ -n "$pid" ] && kill -0 "$pid" 2>/dev/null && { [ ! -r "/proc/$pid/cmdline" ] || tr '\\0' ' ' < "/proc/$pid/cmdline" | grep -qF -- "$1"; }; }
if runs "$1"; then
  kill -INT "$pid"
  n=0
  while runs "$1" && [ $n -lt 50 ]; do sleep 0.1; n=$((n + 1)); done
  if runs "$1"; then kill -QUIT "$pid"; sleep 1; fi
fi
n=0
while [ -n "$2" ] && [ -e "$2" ] && [ $n -lt 10 ]; do rm -rf "$2" || sleep 0.5; n=$((n + 1)); done
`;

/** Ends the server, and removes a temporary data folder, when this process dies without doing it. */
export class Watchdog {
  readonly #child: ChildProcess;
  readonly #ended: Promise<void>;

  constructor(options: { cluster: string; removes?: string }) {
    this.#child = spawn('sh', ['-c', script, 'carillon-watchdog', options.cluster, options.removes ?? ''], {
      cwd: '/',
      detached: true,
      stdio: ['pipe', 'ignore', 'ignore'],
    });
    this.#ended = new Promise((resolve) => {
      this.#child.once('exit', () => resolve());
      this.#child.once('error', () => resolve()); // no sh here: the next start stops what a killed process left
    });
    this.#child.stdin?.on('error', () => undefined); // the watchdog itself was killed: as above
    this.#child.unref();
    const input: unknown = this.#child.stdin;
    if (input !== null && typeof input === 'object' && 'unref' in input && typeof input.unref === 'function') input.unref();
  }

  /** From now on this is the server to end. */
  watch(pid: number): void {
    this.#child.stdin?.write(`${pid}\n`);
  }

  /** The server has stopped: nothing is left to watch; a temporary folder goes. */
  async end(): Promise<void> {
    this.#child.ref();
    this.#child.stdin?.end();
    await this.#ended;
  }
}
