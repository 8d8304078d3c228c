// What users of `@carillon/client` get: its size, its tarball, and the quick start of its README typed into an empty project,
// compiled against the tarball's types and run. Uses the compiled package: `npm run check` compiles first.
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const home = join(root, 'packages/client');
const bin = join(root, 'node_modules/.bin');
const scratch = mkdtempSync(join(tmpdir(), 'carillon-client-'));

const compilerOptions = {
  target: 'ES2022',
  module: 'NodeNext',
  lib: ['ES2023', 'DOM', 'DOM.Iterable'],
  strict: true,
  exactOptionalPropertyTypes: true,
  types: [],
};

const subpaths = `
import { useMessages } from '@carillon/client/react';
import { indexedDbStorage } from '@carillon/client/storage';
import { fileStorage } from '@carillon/client/node';
import { createClient, type WebSocketConstructor } from '@carillon/client';
export const ofThePage: WebSocketConstructor = WebSocket;
export const client = () => createClient({ apiUrl: '', getToken: () => '', storage: indexedDbStorage(), WebSocket });
export const onNode = () => createClient({ apiUrl: '', getToken: () => '', storage: fileStorage({ directory: '.' }) });
export const text = () => useMessages('id').messages.map((message) => message.text);
`;

/** The quick start believes that it talks to \`npm start\`. */
const onFakeServer = `
import { FakeServer } from '@carillon/client/testing';
const server = new FakeServer({ userId: 'alice' });
Object.assign(globalThis, { fetch: server.fetch, WebSocket: server.WebSocket });
await import('./app.js');
setTimeout(() => Reflect.get(globalThis, 'process').exit(), 1_000);
`;

try {
  run(`${bin}/size-limit`, [], home);
  run('npm', ['pack', '--silent', '--pack-destination', scratch], home);
  const tarball = join(scratch, readdirSync(scratch).find((name) => name.endsWith('.tgz')) ?? '');
  run(`${bin}/publint`, ['run', tarball, '--strict'], scratch);
  run(`${bin}/attw`, [tarball, '--profile', 'esm-only', '--no-emoji'], scratch);
  checkQuickStart(tarball);
} finally {
  rmSync(scratch, { recursive: true });
}

function checkQuickStart(tarball: string): void {
  const installed = join(scratch, 'node_modules/@carillon/client');
  mkdirSync(installed, { recursive: true });
  run('tar', ['xzf', tarball, '--strip-components=1', '-C', installed], scratch);
  // The same React as the repository's: the tarball names it as an optional peer.
  for (const peer of ['react', '@types']) symlinkSync(join(root, 'node_modules', peer), join(scratch, 'node_modules', peer));
  const [, quickStart = ''] = /```ts\n([\s\S]*?)```/.exec(readFileSync(join(home, 'README.md'), 'utf8')) ?? [];
  if (quickStart.trim().split('\n').length > 20) throw new Error('the quick start has more than 20 lines');
  writeFileSync(join(scratch, 'package.json'), '{ "type": "module" }');
  writeFileSync(join(scratch, 'app.ts'), quickStart);
  writeFileSync(join(scratch, 'subpaths.ts'), subpaths);
  writeFileSync(join(scratch, 'run.ts'), onFakeServer);
  writeFileSync(join(scratch, 'tsconfig.json'), JSON.stringify({ compilerOptions, include: ['*.ts'] }));
  run(`${bin}/tsc`, ['-p', '.'], scratch);
  const output = run(process.execPath, ['run.js'], scratch);
  if (!output.includes("[ 'Hello, Bob' ]")) throw new Error(`the quick start printed:\n${output}`);
}

function run(program: string, args: string[], cwd: string): string {
  const { status, stdout, stderr, error } = spawnSync(program, args, { cwd, encoding: 'utf8', timeout: 60_000 });
  if (status !== 0) throw new Error(`${program} ${args.join(' ')}: ${error?.message ?? ''}\n${stdout}${stderr}`);
  return stdout;
}
