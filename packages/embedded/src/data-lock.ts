import { randomBytes } from 'node:crypto';
import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { StartError } from '@carillon/runtime';

type Holder = { readonly pid: number; readonly startedAt: string };

const attempts = 10;

/**
 * One living process per data folder: a file that names its holder by pid and start time, so that a pid used again by
 * another program does not count. The lock of a dead holder is taken over.
 */
export class DataLock {
  readonly #path: string;
  readonly #content: string;

  private constructor(path: string, content: string) {
    this.#path = path;
    this.#content = content;
  }

  /** Throws a StartError that names the living holder. */
  static take(folder: string): DataLock {
    const path = join(folder, 'lock');
    const content = JSON.stringify({ pid: process.pid, startedAt: startTime(process.pid) });
    for (let attempt = 0; attempt < attempts; attempt += 1) {
      if (linkNew(path, content)) return new DataLock(path, content);
      const seen = readIfThere(path);
      const holder = seen === undefined ? undefined : parse(seen);
      if (holder !== undefined && isAlive(holder)) {
        throw new StartError(
          `The data folder ${folder} is in use by the running process ${holder.pid}: stop it, or choose another folder with --data-dir.`,
        );
      }
      if (seen !== undefined) removeStale(path, seen);
    }
    throw new StartError(`The lock file ${path} cannot be taken: remove it when no Carillon runs.`);
  }

  release(): void {
    if (readIfThere(this.#path) === this.#content) rmSync(this.#path, { force: true });
  }
}

/** Linking makes file and content appear at once; false when the lock is there already. */
function linkNew(path: string, content: string): boolean {
  const draft = `${path}.${randomBytes(6).toString('hex')}`;
  writeFileSync(draft, content);
  try {
    linkSync(draft, path);
    return true;
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false;
    throw error;
  } finally {
    rmSync(draft, { force: true });
  }
}

/** Only the very lock that was seen goes: if another process took it over meanwhile, its lock is put back. */
function removeStale(path: string, seen: string): void {
  const moved = `${path}.${randomBytes(6).toString('hex')}`;
  try {
    renameSync(path, moved);
    if (readFileSync(moved, 'utf8') !== seen) linkSync(moved, path);
  } catch (error) {
    if (codeOf(error) !== 'ENOENT' && codeOf(error) !== 'EEXIST') throw error;
  } finally {
    rmSync(moved, { force: true });
  }
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

function parse(content: string): Holder | undefined {
  try {
    return JSON.parse(content) as Holder;
  } catch {
    return undefined; // not our file format: nobody holds it
  }
}

function isAlive(holder: Holder): boolean {
  try {
    process.kill(holder.pid, 0);
  } catch (error) {
    if (codeOf(error) !== 'EPERM') return false;
  }
  return startTime(holder.pid) === holder.startedAt;
}

/**
 * The process's start in clock ticks since boot, with the boot's id; empty where there is no /proc, `ended` for a zombie
 * that nobody reaps.
 */
function startTime(pid: number): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return fields[0] === 'Z' ? 'ended' : `${boot}/${fields[19]}`;
  } catch {
    return ''; // no /proc here, or the process is gone: the pid alone decides
  }
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined;
}
