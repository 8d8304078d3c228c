import { type ChildProcess, spawn } from 'node:child_process';

/**
 * Waits until its input ends, which happens however this process ends, and then stops the server if it is still the one
 * of the pid file. `$1` pid, `$2` cluster, `$3` folder to remove or empty.
 */
const script = `
cat > /dev/null
runs() { [ "$(head -n 1 "$2/postmaster.pid" 2>/dev/null)" = "$1" ] && kill -0 "$1" 2>/dev/null; }
if runs "$1" "$2"; then
  kill -INT "$1"
  n=0
  while runs "$1" "$2" && [ $n -lt 50 ]; do sleep 0.1; n=$((n + 1)); done
  if runs "$1" "$2"; then kill -QUIT "$1"; sleep 1; fi
fi
[ -z "$3" ] || rm -rf "$3"
`;

/** Ends the server, and removes a temporary data folder, when this process dies without doing it. */
export class Watchdog {
  readonly #child: ChildProcess;
  readonly #ended: Promise<void>;

  constructor(options: { pid: number; cluster: string; removes?: string }) {
    this.#child = spawn('sh', ['-c', script, 'carillon-watchdog', `${options.pid}`, options.cluster, options.removes ?? ''], {
      cwd: '/',
      detached: true,
      stdio: ['pipe', 'ignore', 'ignore'],
    });
    this.#ended = new Promise((resolve) => {
      this.#child.once('exit', () => resolve());
      this.#child.once('error', () => resolve()); // no sh here: the next start stops what a killed process left
    });
    this.#child.unref();
    const input: unknown = this.#child.stdin;
    if (input !== null && typeof input === 'object' && 'unref' in input && typeof input.unref === 'function') input.unref();
  }

  /** The server has stopped: nothing is left to watch; a temporary folder goes. */
  async end(): Promise<void> {
    this.#child.ref();
    this.#child.stdin?.end();
    await this.#ended;
  }
}
