import { cpus } from 'node:os';
import { findOnPath } from '@carillon/testkit';

export type CommandLine = readonly [command: string, ...args: string[]];

/**
 * The command bound to one core, where the machine has `taskset` and that core; the kernel ends it with this process, also when
 * it is frozen, where there is `setpriv`. Both become the program: its pid is the child's.
 */
export function pinned(core: number, line: CommandLine): CommandLine {
  return dyingWithParent(core < cpus().length ? prefixed('taskset', ['-c', String(core)], line) : line);
}

function dyingWithParent(line: CommandLine): CommandLine {
  return prefixed('setpriv', ['--pdeathsig', 'KILL'], line);
}

function prefixed(tool: string, args: readonly string[], line: CommandLine): CommandLine {
  const path = findOnPath(tool);
  return path === undefined ? line : [path, ...args, ...line];
}
