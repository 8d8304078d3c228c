import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { StartError } from '@carillon/runtime';
import { announceOnStderr, provideGcc } from '@carillon/testkit';

const sources = fileURLToPath(new URL('../../src/native/', import.meta.url));
const flags = ['-O2', '-Wall', '-Wextra'];

/** The path of a native program, compiled where this version of it was not yet. Throws StartError with one sentence. */
export async function compile(program: 'receiver' | 'raw-send'): Promise<string> {
  if (process.platform !== 'linux') throw new StartError('the benchmarks need Linux: their native receiver uses epoll');
  const source = join(sources, `${program}.c`);
  const version = createHash('sha256').update(readFileSync(source)).digest('hex').slice(0, 16);
  const folder = join(tmpdir(), `carillon-bench-${process.getuid?.() ?? 0}`);
  const target = join(folder, `${program}-${version}`);
  if (existsSync(target)) return target;
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  build(await provideGcc(announceOnStderr), source, target);
  return target;
}

/** Another run may build the same program at the same time: each its own file, then one name. */
function build(gcc: string, source: string, target: string): void {
  const unfinished = `${target}.${process.pid}`;
  const { status, stderr } = spawnSync(gcc, [...flags, '-o', unfinished, source], { encoding: 'utf8' });
  if (status !== 0) throw new StartError(`${source} cannot be compiled:\n${stderr}`);
  renameSync(unfinished, target);
}
