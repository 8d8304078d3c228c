import { execFileSync } from 'node:child_process';
import { readFileSync, statSync } from 'node:fs';
import { StartError } from '@carillon/runtime';

/** Who runs the server: ourselves, or an unprivileged user when we are root, which Postgres refuses. */
export type Runner = { readonly name: string; readonly credentials: { readonly uid?: number; readonly gid?: number } };

const ourName = 'carillon';

/** The owner of the existing data, else `postgres`, else `carillon`, which is made when it is missing. */
export function chooseRunner(cluster: string): Runner {
  if (process.getuid?.() !== 0) return { name: 'you', credentials: {} };
  const owner = statSync(cluster, { throwIfNoEntry: false });
  if (owner !== undefined && owner.uid !== 0) return { name: `uid ${owner.uid}`, credentials: { uid: owner.uid, gid: owner.gid } };
  return findUser('postgres') ?? findUser(ourName) ?? makeUser();
}

function findUser(name: string): Runner | undefined {
  const line = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .find((entry) => entry.startsWith(`${name}:`));
  const [, , uid, gid] = line?.split(':') ?? [];
  return uid === undefined || gid === undefined ? undefined : { name, credentials: { uid: Number(uid), gid: Number(gid) } };
}

function makeUser(): Runner {
  try {
    execFileSync('useradd', ['--system', '--user-group', '--no-create-home', '--shell', '/usr/sbin/nologin', ourName], { stdio: 'ignore' });
  } catch (error) {
    throw new StartError(
      `Postgres does not run as root, and the system user "${ourName}" cannot be made: make it, or start as another user.`,
      { cause: error },
    );
  }
  const user = findUser(ourName);
  if (user === undefined) throw new StartError(`The system user "${ourName}" is not in /etc/passwd.`);
  return user;
}
