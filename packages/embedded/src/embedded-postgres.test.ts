import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { EmbeddedPostgres } from './embedded-postgres.ts';
import { checkFolder, closedFolder, makeFolder } from './folder-access.ts';
import { placeBinaries } from './place-binaries.ts';

const root = mkdtempSync(join(tmpdir(), 'carillon-embedded-'));
chmodSync(root, 0o755); // the server's own user has to be able to enter it
const folder = (name: string) => join(root, name);
const settings = { fsync: 'off', shared_buffers: '16MB' };

afterAll(() => rmSync(root, { recursive: true, force: true }));

function isAlive(pid: number): boolean {
  try {
    return readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.[0] !== 'Z';
  } catch {
    return false;
  }
}

async function accepts(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  const isOpen = await Promise.race([once(socket, 'connect').then(() => true), once(socket, 'close').then(() => false)]).catch(() => false);
  socket.destroy();
  return isOpen;
}

describe('embedded Postgres', () => {
  test('starts on a free loopback port, stops, and finds its data again', async () => {
    const said: string[] = [];
    const first = new EmbeddedPostgres({ dataDir: folder('again'), settings, announce: (text) => said.push(text) });
    const running = await first.start();
    expect(running.version).toMatch(/^18\./);
    expect(await accepts(running.port)).toBe(true);
    expect(said).toHaveLength(1);
    await first.stop();
    expect(await accepts(running.port)).toBe(false);
    expect(isAlive(running.pid)).toBe(false);
    const second = new EmbeddedPostgres({ dataDir: folder('again'), settings, announce: (text) => said.push(text) });
    expect((await second.start()).url.replace(/:\d+\//, '/')).toBe(running.url.replace(/:\d+\//, '/'));
    await second.stop();
    expect(said).toHaveLength(1);
  });

  test('a data folder in use is refused with the holder named', async () => {
    await using holder = new EmbeddedPostgres({ dataDir: folder('held'), settings });
    const { port } = await holder.start();
    const other = new EmbeddedPostgres({ dataDir: folder('held'), settings });
    await expect(other.start()).rejects.toThrow(`in use by the running process ${process.pid}`);
    expect(await accepts(port)).toBe(true);
  });

  test('a killed process leaves no server, and its data can be used at once', async () => {
    const script = `
      import { EmbeddedPostgres } from '@carillon/embedded';
      const postgres = new EmbeddedPostgres({ dataDir: process.argv[1], settings: ${JSON.stringify(settings)} });
      console.log(JSON.stringify(await postgres.start()));
      setInterval(() => undefined, 1000);`;
    const flags = ['--import', 'tsx', '--conditions', 'carillon-source', '--input-type=module', '-e', script, folder('killed')];
    const child = spawn(process.execPath, flags, { cwd: import.meta.dirname, stdio: ['ignore', 'pipe', 'inherit'] });
    const [line] = await once(child.stdout, 'data');
    const { pid } = JSON.parse(String(line)) as { pid: number };
    child.kill('SIGKILL');
    await once(child, 'exit');
    await using next = new EmbeddedPostgres({ dataDir: folder('killed'), settings });
    const running = await next.start();
    expect(running.pid).not.toBe(pid);
    await expect.poll(() => isAlive(pid)).toBe(false);
    expect(await accepts(running.port)).toBe(true);
  });

  test('a temporary server takes its data with it', async () => {
    const postgres = new EmbeddedPostgres({ dataDir: folder('temporary'), settings, isTemporary: true });
    await postgres.start();
    await postgres.stop();
    expect(existsSync(folder('temporary'))).toBe(false);
  });

  test('stopped while it starts, it leaves nothing running', async () => {
    const postgres = new EmbeddedPostgres({ dataDir: folder('hasty'), settings, isTemporary: true });
    const start = postgres.start();
    await Promise.all([postgres.stop(), expect(start).rejects.toThrow()]);
    expect(existsSync(folder('hasty'))).toBe(false);
  });

  test('a port in use ends in one sentence', async () => {
    await using first = new EmbeddedPostgres({ dataDir: folder('port-a'), settings, isTemporary: true });
    const { port } = await first.start();
    const second = new EmbeddedPostgres({ dataDir: folder('port-b'), port, settings, isTemporary: true });
    await expect(second.start()).rejects.toThrow(`cannot start on port ${port}`);
  });

  test('a folder that the server’s user cannot enter is named', () => {
    const closed = join(root, 'closed');
    mkdirSync(join(closed, 'data'), { recursive: true, mode: 0o700 });
    const runner = { name: 'postgres', credentials: { uid: 4711, gid: 4711 } };
    expect(() => checkFolder(join(closed, 'data'), runner)).toThrow(`cannot enter the folder ${closed}`);
  });

  test('a folder that cannot be made is named', () => {
    const file = join(root, 'a-file');
    writeFileSync(file, '');
    for (const path of [join(file, 'data'), '/proc/carillon/data']) {
      expect(() => makeFolder(path)).toThrow(`the data folder ${path} cannot be made`);
    }
  });

  test('binaries below a folder that the server’s user cannot enter are copied once to one it can', () => {
    const closed = join(root, 'closed-clone');
    mkdirSync(join(closed, 'native', 'bin'), { recursive: true });
    chmodSync(closed, 0o700);
    writeFileSync(join(closed, 'native', 'bin', 'postgres'), 'a program');
    const runner = { name: 'nobody', credentials: { uid: 4711, gid: 4711 } };
    const said: string[] = [];
    const place = () => placeBinaries(join(closed, 'native', 'bin'), runner, (text) => said.push(text));
    const placed = place();
    try {
      expect(readFileSync(join(placed, 'postgres'), 'utf8')).toBe('a program');
      expect(closedFolder(placed, runner)).toBeUndefined();
      expect([place(), said.length]).toEqual([placed, 1]);
    } finally {
      rmSync(dirname(dirname(placed)), { recursive: true });
    }
  });
});
