import { execFile } from 'node:child_process';
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { StartError } from '@carillon/runtime';
import { findOnPath } from './find-on-path.ts';

/** Where long steps tell what they are doing: one line each. */
export type Announce = (line: string) => void;

const run = promisify(execFile);
const policyFile = '/usr/sbin/policy-rc.d';
const environment = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
const lockWait = ['-o', 'DPkg::Lock::Timeout=300'];

/** Whether packages can be installed without asking: Debian or Ubuntu, as root. */
export function canInstall(): boolean {
  return process.getuid?.() === 0 && findOnPath('apt-get') !== undefined;
}

/** Installs the first of these packages that there is; no service is started. Throws StartError when none can be installed. */
export async function aptInstall(packages: readonly string[], announce: Announce): Promise<void> {
  announce(`installing ${packages[0]} with apt-get`);
  const failures: unknown[] = [];
  for (const name of packages) {
    try {
      await withoutServices(() => installOne(name));
      return;
    } catch (error) {
      failures.push(error);
    }
  }
  throw new StartError(`apt-get could not install ${packages.join(' or ')}: install it and run this again`, {
    cause: new AggregateError(failures),
  });
}

/** Fresh machines have no package lists yet, old lists name files that are gone: update on failure only. */
async function installOne(name: string): Promise<void> {
  const install = () =>
    run('apt-get', [...lockWait, 'install', '-y', '--no-install-recommends', name], { env: environment, maxBuffer: 1 << 26 });
  try {
    await install();
  } catch {
    await run('apt-get', [...lockWait, 'update'], { env: environment, maxBuffer: 1 << 26 });
    await install();
  }
}

/** Debian's own way to install a server without starting it. */
async function withoutServices(work: () => Promise<unknown>): Promise<void> {
  const isOurs = !existsSync(policyFile);
  if (isOurs) writeFileSync(policyFile, '#!/bin/sh\nexit 101\n', { mode: 0o755 });
  try {
    await work();
  } finally {
    if (isOurs) rmSync(policyFile, { force: true });
  }
}
