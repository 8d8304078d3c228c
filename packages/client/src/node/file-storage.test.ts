import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { texts, world } from '../client.fixture.ts';
import type { PendingSend } from '../pending-sends.ts';
import { fileStorage } from './file-storage.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'carillon-file-storage-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

function pending(id: string, text = id, createdAtMs = 1): PendingSend {
  return { id, chatId: 'c1', createdAtMs, operation: { kind: 'send', content: { type: 'text', text } }, state: { kind: 'queued' } };
}

test('pending sends are kept per user, replaced and removed by id, whatever characters the ids have', async () => {
  const storage = fileStorage({ directory });
  await storage.save('../ann', pending('../../1', 'later', 2));
  await storage.save('../ann', pending('2', 'sooner', 1));
  await storage.save('../Ann', pending('3'));
  await storage.save('../ann', pending('2', 'changed', 1));
  const reloaded = fileStorage({ directory });
  expect((await reloaded.load('../ann')).map(({ operation }) => operation)).toMatchObject([
    { content: { text: 'changed' } },
    { content: { text: 'later' } },
  ]);
  await reloaded.remove('../ann', '2');
  await reloaded.remove('../ann', '2');
  expect((await storage.load('../ann')).map(({ id }) => id)).toEqual(['../../1']);
  expect(await storage.load('nobody')).toEqual([]);
  const [folder = ''] = readdirSync(directory);
  expect(statSync(join(directory, folder)).mode & 0o777).toBe(0o700);
});

test('a removal that is asked for after a save wins, without waiting for it', async () => {
  const storage = fileStorage({ directory });
  const saved = storage.save('me', pending('1'));
  await Promise.all([saved, storage.remove('me', '1')]);
  expect(await storage.load('me')).toEqual([]);
});

test('it is bounded, and a refusal does not stop what comes after it', async () => {
  const storage = fileStorage({ directory });
  await expect(storage.save('me', pending('big', 'x'.repeat(300_000)))).rejects.toThrow('bytes');
  await storage.save('me', pending('1'));
  const [folder = ''] = readdirSync(directory);
  for (let n = 1; n < 1_000; n += 1) writeFileSync(join(directory, folder, `${n}.json`), '');
  await expect(storage.save('me', pending('2'))).rejects.toThrow('1000');
  await storage.save('me', pending('1', 'replaced'));
});

test('a file that the disk has spoiled is told and left out', async () => {
  const broken: string[] = [];
  const storage = fileStorage({ directory, onBroken: (file) => broken.push(file) });
  await storage.save('me', pending('1'));
  const [folder = ''] = readdirSync(directory);
  writeFileSync(join(directory, folder, 'other.json'), '{"id":');
  expect((await storage.load('me')).map(({ id }) => id)).toEqual(['1']);
  expect(broken).toEqual([join(directory, folder, 'other.json')]);
});

test('[C15] a process that is killed half-way leaves every send that it told, whole', async () => {
  for (let round = 0; round < 3; round += 1) {
    const told = await killHalfWay();
    const broken: string[] = [];
    const kept = new Map(
      (await fileStorage({ directory, onBroken: (file) => broken.push(file) }).load('me')).map((send) => [send.id, send.createdAtMs]),
    );
    expect(broken).toEqual([]);
    for (const [id, n] of told) expect(kept.get(id), id).toBeGreaterThanOrEqual(n);
    expect(filesIn(directory).filter(({ name }) => !name.endsWith('.json'))).toEqual([]);
  }
});

test('[C15] what one process could not send the next one sends, once', async () => {
  const first = world({ storage: fileStorage({ directory }), userId: 'me' });
  for (let n = 0; n < 20; n += 1) first.server.answerNext('POST', '/messages', { status: 503 });
  const stored = expect.poll(() => first.server.requests.length).toBe(1);
  first.client.chat('c1').send({ text: 'from before' });
  await stored;
  first.client.dispose();
  const second = world({ storage: fileStorage({ directory }), userId: 'me' });
  second.client.chat('c1').subscribe(() => undefined);
  await expect.poll(() => second.server.model.now('c1').messages.map(({ text }) => text)).toEqual(['from before']);
  expect(texts(second.client)).toEqual(['from before']);
  await expect.poll(() => fileStorage({ directory }).load('me')).toEqual([]);
});

/** What the process told before it was killed with a file not finished: the newest of each send. */
async function killHalfWay(): Promise<Map<string, number>> {
  const script = fileURLToPath(new URL('./save-until-killed.fixture.ts', import.meta.url));
  const child = spawn(process.execPath, ['--import', 'tsx', script, directory], { stdio: ['ignore', 'pipe', 'inherit'] });
  const told = new Map<string, number>();
  for await (const line of createInterface({ input: child.stdout })) {
    const [id = '', n = ''] = line.split(' ');
    told.set(id, Number(n));
    if (told.size === 50 && !child.killed) {
      // Nothing else runs here until the moment is there, so that it is not missed.
      const deadline = Date.now() + 5_000;
      while (Date.now() < deadline && !filesIn(directory).some(({ name, size }) => size === 0 || name.endsWith('.part')));
      child.kill('SIGKILL');
    }
  }
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  return told;
}

function filesIn(root: string): { name: string; size: number }[] {
  return readdirSync(root).flatMap((folder) =>
    readdirSync(join(root, folder)).map((name) => ({
      name,
      size: statSync(join(root, folder, name), { throwIfNoEntry: false })?.size ?? 1,
    })),
  );
}
