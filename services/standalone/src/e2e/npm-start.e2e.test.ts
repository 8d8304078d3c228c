import { chmodSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePorts, processesWith, Terminal } from '@carillon/testkit';
import { afterEach, beforeEach, expect, test } from 'vitest';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'carillon-start-'));
  chmodSync(folder, 0o755);
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

async function npmStart(more = '') {
  const [api = 0, shard = 0, other = 0, admin = 0] = await freePorts(4);
  const dataDir = join(folder, 'data');
  const start = () =>
    new Terminal(`npm start -- --port ${api} --shard-port ${shard} --admin-port ${admin} --shards 1 --data-dir ${dataDir} ${more}`, {
      CARILLON_TEST_MARK: folder,
    });
  return { api, shard, other, admin, dataDir, start };
}

test('npm start: the printed commands send and receive; data stays; SIGTERM to npm leaves nothing running', async () => {
  const { api, admin, shard, dataDir, start } = await npmStart();
  {
    await using first = start();
    await first.prints(new RegExp(`^ {2}demo +http://127\\.0\\.0\\.1:${api}/ `, 'm'));
    const listenCommand = (await first.prints(/^ {2}listen +(.+)$/m))[1] ?? '';
    const sendCommand = (await first.prints(/^ {2}send +(.+)$/m))[1] ?? '';
    expect((await fetch(`http://127.0.0.1:${admin}/readyz`)).status).toBe(200);
    expect(first.output).toContain('Not for production');
    const page = await fetch(`http://127.0.0.1:${api}/`);
    expect(page.headers.get('content-security-policy')).toContain(`connect-src 'self' ws://127.0.0.1:${shard};`);
    expect(await page.text()).toContain('<title>Carillon</title>');
    await using listener = new Terminal(listenCommand, { CARILLON_TEST_MARK: folder });
    await listener.prints(new RegExp(`ready +alice on shard-${shard}`));
    for (const _ of ['first', 'second']) {
      await using sender = new Terminal(`sh -c "$COMMAND"`, { COMMAND: sendCommand, CARILLON_TEST_MARK: folder });
      expect(await sender.exit(), sender.output).toBe(0);
      expect(sender.output).toContain('"message_no"');
    }
    await listener.prints(/(message\.created[\s\S]*){2}/);
    listener.signal('SIGTERM');
    await listener.exit();
    first.signal('SIGTERM');
    expect(await first.exit(), first.output).toBe(0);
    await expect.poll(() => processesWith(folder)).toEqual([]);
  }
  {
    await using second = start();
    const send = (await second.prints(/^ {2}send +(.+)$/m))[1] ?? '';
    const url = /http:\S+\/messages/.exec(send)?.[0] ?? '';
    const token = /Bearer ([^']+)/.exec(send)?.[1] ?? '';
    const page: unknown = await (await fetch(url, { headers: { authorization: `Bearer ${token}` } })).json();
    expect(page).toMatchObject({ messages: expect.arrayContaining([expect.objectContaining({ text: 'Hello from the terminal' })]) });
    // npm passes its own Ctrl-C on, so that the process gets two.
    second.interrupt();
    expect(await second.exit(), second.output).toBe(0);
    expect(existsSync(join(dataDir, 'lock'))).toBe(false);
    await expect.poll(() => processesWith(folder)).toEqual([]);
  }
});

test('[W1] without the demo there is no page and no file store', async () => {
  const { api, start } = await npmStart('--no-demo');
  await using terminal = start();
  await terminal.prints(/^ {2}stop /m);
  expect(terminal.output).not.toMatch(/^ {2}demo /m);
  expect((await fetch(`http://127.0.0.1:${api}/`)).status).toBe(404);
  const token = /Bearer ([^']+)/.exec(terminal.output)?.[1] ?? '';
  const file = await fetch(`http://127.0.0.1:${api}/v1/dev/files`, { method: 'POST', headers: { authorization: `Bearer ${token}` } });
  expect(file.status).toBe(404);
});

test('a taken port, a folder that Postgres cannot enter, a wrong flag: one clear sentence each, and nothing is left', async () => {
  const { api, start } = await npmStart();
  const holder = createServer().listen(api, '127.0.0.1');
  {
    await using terminal = start();
    expect(await terminal.exit()).not.toBe(0);
    expect(terminal.output).toMatch(new RegExp(`port ${api} is taken by process ${process.pid}.*--port \\(API_PORT\\)`));
  }
  await new Promise((resolve) => holder.close(resolve));
  if (process.getuid?.() === 0) {
    chmodSync(folder, 0o700);
    await using terminal = start();
    expect(await terminal.exit()).not.toBe(0);
    expect(terminal.output).toContain(folder);
    expect(terminal.output).not.toMatch(/^ {4}at /m);
  }
  await using wrong = new Terminal('npm start -- --prot 1', { CARILLON_TEST_MARK: folder });
  expect(await wrong.exit()).not.toBe(0);
  expect(wrong.output).toContain('--prot');
  await expect.poll(() => processesWith(folder)).toEqual([]);
});

test('a service that is named and does not answer, and a listener without a server: one sentence each', async () => {
  const { api, admin, shard, dataDir } = await npmStart();
  const flags = `--port ${api} --admin-port ${admin} --shard-port ${shard} --shards 1 --data-dir ${dataDir}`;
  for (const [variable, url] of [
    ['DATABASE_URL', `postgres://user:hidden@127.0.0.1:${api}/x`],
    ['REDIS_URL', `redis://:hidden@127.0.0.1:${api}`],
  ]) {
    await using terminal = new Terminal(`npm start -- ${flags}`, { [variable ?? '']: url ?? '', CARILLON_TEST_MARK: folder });
    expect(await terminal.exit()).toBe(1);
    expect(terminal.output).toMatch(new RegExp(`${variable} is set, but .*ECONNREFUSED`));
    expect(terminal.output).not.toMatch(/hidden|^ {4}at |"level"/m);
  }
  await using listener = new Terminal(`npm run listen -- alice --api http://127.0.0.1:${api}`, { CARILLON_TEST_MARK: folder });
  expect(await listener.exit()).toBe(1);
  expect(listener.output).toMatch(/does not answer: is npm start running/);
  expect(listener.output).not.toMatch(/^ {4}at /m);
  await expect.poll(() => processesWith(folder)).toEqual([]);
});

test('[L4] npm start refuses production mode', async () => {
  await using terminal = new Terminal('npm start', { NODE_ENV: 'production' });
  expect(await terminal.exit()).toBe(78);
  expect(terminal.output).toContain('NODE_ENV');
});
