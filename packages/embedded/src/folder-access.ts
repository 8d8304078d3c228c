import { chmodSync, mkdirSync, realpathSync, type Stats, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { StartError } from '@carillon/runtime';
import type { Runner } from './runner.ts';

/** The folder, made with its parents when it is missing; throws StartError when that cannot be done. */
export function makeFolder(path: string): void {
  try {
    if (makeMissing(path)) chmodSync(path, 0o755); // whatever the umask: the server's own user has to enter it
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new StartError(`the data folder ${path} cannot be made: choose another with --data-dir (${reason})`, { cause: error });
  }
}

/** True: the folder was missing. Not by Node's `recursive`, which never ends below a folder that takes none, as /proc (Node 20). */
function makeMissing(path: string): boolean {
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory()) return false;
  if (dirname(path) !== path) makeMissing(dirname(path));
  mkdirSync(path);
  return true;
}

/** The path and every folder above it can be entered by the runner; else one sentence that names the first that cannot. */
export function checkFolder(path: string, runner: Runner): void {
  const folder = closedFolder(path, runner);
  if (folder === undefined) return;
  throw new StartError(
    `Postgres cannot run as root, and the user it runs as (${runner.name}) cannot enter the folder ${folder}: ` +
      `keep the data elsewhere (npm start -- --data-dir DIR), run "chmod o+x ${folder}", or start as another user than root.`,
  );
}

/** The first folder, from the path up to the root, that the runner cannot enter. */
export function closedFolder(path: string, runner: Runner): string | undefined {
  const { uid, gid } = runner.credentials;
  if (uid === undefined || gid === undefined) return undefined;
  return withParents(realpathSync(path)).find((folder) => !mayEnter(statSync(folder), uid, gid));
}

function withParents(path: string): string[] {
  const parent = dirname(path);
  return parent === path ? [path] : [...withParents(parent), path];
}

function mayEnter(folder: Stats, uid: number, gid: number): boolean {
  if (folder.uid === uid) return (folder.mode & 0o100) !== 0;
  if (folder.gid === gid) return (folder.mode & 0o010) !== 0;
  return (folder.mode & 0o001) !== 0;
}
