import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chownSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { StartError } from '@carillon/runtime';
import { readVersion } from './binaries.ts';
import type { Runner } from './runner.ts';

type Plan = {
  readonly binDir: string;
  readonly root: string;
  readonly cluster: string;
  readonly runner: Runner;
  readonly superuser: string;
  readonly announce: (text: string) => void;
};

/** Makes the database cluster unless it is there; resolves with the superuser's password. An interrupted run starts afresh. */
export async function initialize(plan: Plan): Promise<string> {
  const passwordFile = join(plan.root, 'password');
  if (existsSync(join(plan.cluster, 'PG_VERSION')) && existsSync(passwordFile)) {
    await checkVersion(plan);
    return readFileSync(passwordFile, 'utf8').trim();
  }
  if (existsSync(plan.cluster)) throw new StartError(`${plan.cluster} is there, but not complete: remove ${plan.root} to start again.`);
  plan.announce('making the Postgres database (once) …');
  const password = randomBytes(24).toString('base64url');
  writeFileSync(passwordFile, `${password}\n`, { mode: 0o600 });
  own(passwordFile, plan.runner);
  await runInitdb(plan, passwordFile);
  return password;
}

/** Into a draft folder first, which gets its name when it is complete. */
async function runInitdb(plan: Plan, passwordFile: string): Promise<void> {
  const draft = `${plan.cluster}.draft`;
  rmSync(draft, { recursive: true, force: true });
  mkdirSync(draft, { mode: 0o700 });
  own(draft, plan.runner);
  const flags = [
    '-D',
    draft,
    '-U',
    plan.superuser,
    '-A',
    'scram-sha-256',
    `--pwfile=${passwordFile}`,
    '-E',
    'UTF8',
    '--locale=C',
    '--no-sync',
  ];
  try {
    await promisify(execFile)(join(plan.binDir, 'initdb'), flags, {
      ...plan.runner.credentials,
      cwd: draft,
      env: { PATH: '/usr/bin:/bin', LC_ALL: 'C', TZ: 'UTC' },
      timeout: 120_000,
    });
  } catch (error) {
    const said = error instanceof Error && 'stderr' in error ? `${error.stderr}`.trim().split('\n').slice(-3).join(' | ') : `${error}`;
    throw new StartError(`Postgres cannot make its database in ${draft}: ${said}`, { cause: error });
  }
  renameSync(draft, plan.cluster);
}

async function checkVersion(plan: Plan): Promise<void> {
  const stored = readFileSync(join(plan.cluster, 'PG_VERSION'), 'utf8').trim();
  const major = (await readVersion(plan.binDir, plan.runner)).split('.')[0];
  if (stored === major) return;
  throw new StartError(
    `The data in ${plan.root} was made by Postgres ${stored}, but this is Postgres ${major}: choose another folder, or remove it to start again.`,
  );
}

function own(path: string, runner: Runner): void {
  const { uid, gid } = runner.credentials;
  if (uid !== undefined && gid !== undefined) chownSync(path, uid, gid);
}
