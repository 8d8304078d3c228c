import type { ChildProcess } from 'node:child_process';

const steps = [
  { signal: 'SIGINT', patienceMs: 3_000 }, // fast shutdown: sessions are ended, a checkpoint is written
  { signal: 'SIGQUIT', patienceMs: 700 }, // immediate shutdown: recovery at the next start
  { signal: 'SIGKILL', patienceMs: 2_000 },
] as const;

/** Resolves when the server has ended, at the latest after 6 s. */
export async function stopProcess(child: ChildProcess): Promise<void> {
  if (hasEnded(child)) return;
  child.ref();
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  for (const { signal, patienceMs } of steps) {
    child.kill(signal);
    let timer: NodeJS.Timeout | undefined;
    await Promise.race([
      ended,
      new Promise((resolve) => {
        timer = setTimeout(resolve, patienceMs);
      }),
    ]);
    clearTimeout(timer);
    if (hasEnded(child)) return;
  }
}

function hasEnded(child: ChildProcess): boolean {
  return child.pid === undefined || child.exitCode !== null || child.signalCode !== null;
}
