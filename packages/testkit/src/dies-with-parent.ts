import { findOnPath } from './find-on-path.ts';

/**
 * The command line of a child that ends with this process, however that ends. Linux: the kernel kills the child when its parent dies, also
 * by SIGKILL. `setpriv` becomes the program: same pid.
 */
export function diesWithParent(command: string, args: readonly string[]): [string, string[]] {
  const setpriv = process.platform === 'linux' ? findOnPath('setpriv') : undefined;
  return setpriv === undefined ? [command, [...args]] : [setpriv, ['--pdeathsig', 'KILL', command, ...args]];
}
