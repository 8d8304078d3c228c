import { realpathSync, type Stats, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { StartError } from '@carillon/runtime';
import type { Runner } from './runner.ts';

/** Every folder from each path up to the root can be entered by the runner; else one sentence that names the first that cannot. */
export function checkFolders(paths: readonly string[], runner: Runner): void {
  const { uid, gid } = runner.credentials;
  if (uid === undefined || gid === undefined) return;
  for (const folder of paths.flatMap((path) => withParents(realpathSync(path)))) {
    if (mayEnter(statSync(folder), uid, gid)) continue;
    throw new StartError(
      `Postgres cannot run as root, and the user it runs as (${runner.name}) cannot enter the folder ${folder}: ` +
        `move Carillon out of it, run "chmod o+x ${folder}", or start as another user than root.`,
    );
  }
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
