import { createHash } from 'node:crypto';
import { chmodSync, cpSync, mkdtempSync, renameSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { StartError } from '@carillon/runtime';
import { closedFolder } from './folder-access.ts';
import type { Runner } from './runner.ts';

/**
 * The binaries where the runner can reach them: as they lie, or, below a folder that it cannot enter (a clone in root's home),
 * a copy in the system's temporary folder, made once (60 MB). The copy is used only if it is ours and nobody else may write to
 * it.
 */
export function placeBinaries(binDir: string, runner: Runner, announce: (text: string) => void): string {
  if (closedFolder(binDir, runner) === undefined) return binDir;
  const place = join(tmpdir(), `carillon-postgres-${createHash('sha256').update(binDir).digest('hex').slice(0, 12)}`);
  if (statSync(place, { throwIfNoEntry: false }) === undefined) {
    announce('copying the Postgres binaries to where their user can read them (once) …');
    copy(dirname(binDir), place);
  }
  const { uid, mode } = statSync(place);
  const isOurs = uid === process.getuid?.() && (mode & 0o022) === 0;
  if (!isOurs) throw new StartError(`${place} belongs to somebody else: remove it, or set TMPDIR to another folder.`);
  return join(place, 'native', 'bin');
}

/** Appears whole or not at all; where two copy at once, the first one stays. */
function copy(native: string, place: string): void {
  const draft = mkdtempSync(`${place}-`);
  chmodSync(draft, 0o755);
  cpSync(native, join(draft, 'native'), { recursive: true, verbatimSymlinks: true });
  try {
    renameSync(draft, place);
  } catch (error) {
    rmSync(draft, { recursive: true, force: true });
    if (statSync(place, { throwIfNoEntry: false }) === undefined) throw error;
  }
}
