// What a clone needs before any program of it can run. Used by tools/run.mjs only.
import { spawn } from 'node:child_process';
import { existsSync, readdirSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const minimum = [20, 19];

/** Ends the process with one sentence when Node is older than the code. */
export function checkNode() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major > minimum[0] || (major === minimum[0] && minor >= minimum[1])) return;
  fail(`Carillon needs Node ${minimum.join('.')} or newer; this is Node ${process.versions.node}.`);
}

/** Installs the packages unless they are as new as the lockfile. Install scripts of packages never run. */
export async function ensureInstalled() {
  const installed = timeOf('node_modules/.package-lock.json');
  if (installed >= timeOf('package-lock.json')) return;
  announce('installing packages (once, about half a minute) …');
  await run('npm', ['ci', '--ignore-scripts', '--loglevel=error']);
  const now = new Date();
  utimesSync(`${root}/node_modules/.package-lock.json`, now, now);
}

/** Compiles when a source is newer than the last build. */
export async function ensureBuilt() {
  const stamp = 'node_modules/.carillon-built';
  const startedAt = new Date();
  if (newestSource() <= timeOf(stamp)) return;
  announce('building (once after a change) …');
  await run(process.execPath, ['node_modules/typescript/bin/tsc', '-b']);
  writeFileSync(`${root}/${stamp}`, '');
  utimesSync(`${root}/${stamp}`, startedAt, startedAt);
}

/** Builds the demo's page when it or the client is newer than the last build. */
export async function ensurePageBuilt() {
  const built = 'services/web/dist/page/index.html';
  const folders = ['services/web/src', 'services/web/public', 'packages/client/src'];
  const files = ['services/web/index.html', 'services/web/vite.config.ts', 'package-lock.json'];
  if (Math.max(...folders.map(newestIn), ...files.map(timeOf)) <= timeOf(built)) return;
  announce('building the demo (once after a change) …');
  await run(process.execPath, ['node_modules/vite/bin/vite.js', 'build', 'services/web', '--logLevel=warn']);
}

function newestSource() {
  const folders = ['packages', 'services'].flatMap((group) => readdirSync(`${root}/${group}`).map((name) => `${group}/${name}`));
  return Math.max(timeOf('tsconfig.base.json'), ...[...folders, 'loadtest', 'deploy'].map((folder) => newestIn(`${folder}/src`)));
}

function newestIn(folder) {
  if (!existsSync(`${root}/${folder}`)) return 0;
  let newest = 0;
  for (const entry of readdirSync(`${root}/${folder}`, { withFileTypes: true })) {
    const path = `${folder}/${entry.name}`;
    newest = Math.max(newest, entry.isDirectory() ? newestIn(path) : timeOf(path));
  }
  return Math.max(newest, timeOf(folder));
}

function timeOf(path) {
  const stat = statSync(`${root}/${path}`, { throwIfNoEntry: false });
  return stat === undefined ? 0 : stat.mtimeMs;
}

function run(command, args) {
  return new Promise((resolve) => {
    const child = spawn(command, args, { cwd: root, stdio: ['ignore', 2, 2] });
    const forward = (signal) => child.kill(signal);
    process.on('SIGINT', forward);
    process.on('SIGTERM', forward);
    child.on('error', (error) => fail(`${command} cannot be started: ${error.message}`));
    child.on('exit', (code, signal) => {
      process.off('SIGINT', forward);
      process.off('SIGTERM', forward);
      if (signal !== null) process.exit(1);
      if (code !== 0) fail(`${command} ${args.join(' ')} failed with exit code ${code}.`);
      resolve();
    });
  });
}

function announce(text) {
  process.stderr.write(`carillon: ${text}\n`);
}

function fail(sentence) {
  process.stderr.write(`carillon: ${sentence}\n`);
  process.exit(1);
}
