import { rmSync } from 'node:fs';

/**
 * What must not outlive this process: children to kill, folders to remove. Both happen when the process exits, also by a
 * signal that nobody else handles or an uncaught error. Against SIGKILL a child is started with `--pdeathsig` (dies-with-parent.ts).
 */
const pids = new Set<number>();
const folders = new Set<string>();
const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
let isArmed = false;

export function killAtExit(pid: number): void {
  arm();
  pids.add(pid);
}

export function removeAtExit(folder: string): void {
  arm();
  folders.add(folder);
}

/** The child has ended: its id may belong to another program from now on. */
export function forgetProcess(pid: number): void {
  pids.delete(pid);
}

/** Removes the folder now. */
export function removeFolder(folder: string): void {
  folders.delete(folder);
  rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 });
}

function arm(): void {
  if (isArmed) return;
  isArmed = true;
  process.on('exit', cleanUp);
  for (const signal of signals) process.on(signal, endBySignal);
}

/** If the program handles the signal itself, it also ends itself, and `exit` cleans up. */
function endBySignal(signal: NodeJS.Signals): void {
  if (process.listenerCount(signal) > 1) return;
  cleanUp();
  process.removeListener(signal, endBySignal);
  process.kill(process.pid, signal);
}

function cleanUp(): void {
  for (const pid of pids) kill(pid);
  for (const folder of folders) removeFolder(folder);
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
  }
}
