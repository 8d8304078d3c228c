import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { silentLogger } from '@carillon/runtime';
import { describe, expect, onTestFinished, test } from 'vitest';
import { bucketOf } from './bucket.ts';
import { notifyBuckets } from './queries/notify-buckets.ts';
import { updateChat } from './queries/update-chat.ts';
import { type OutboxRead, type OutboxRow, RelaySession } from './relay-session.ts';
import { useTestStore } from './test-store.contract.ts';

const store = useTestStore();
const many = (count: number) => [...Array(count).keys()];
const allBuckets = many(16);
const noChat = '00000000-0000-0000-0000-000000000000';
const upTo = (rows: number, buckets = allBuckets, afterChat = noChat) => ({
  buckets: buckets.map((bucket) => ({ bucket, rows, afterChat })),
});

async function open(): Promise<RelaySession & { lost: Error[]; heard: number[] }> {
  const [lost, heard]: [Error[], number[]] = [[], []];
  const onNotify = (buckets: number[]) => heard.push(...buckets);
  const session = await RelaySession.open({ url: store().url, logger: silentLogger, onNotify, onLost: (error) => lost.push(error) });
  onTestFinished(() => session[Symbol.asyncDispose]());
  return Object.assign(session, { lost, heard });
}

const byId = (rows: readonly OutboxRow[]) => rows.toSorted((a, b) => Number(a.id) - Number(b.id));

/** A relay in a process of its own, which takes one bucket and says so, then keeps its session alive. */
async function relayProcess(bucket: number) {
  const script = `
    import { updateChat } from './queries/update-chat.ts';
import { RelaySession } from '@carillon/store';
    const onLost = (error) => console.log('lost');
    const session = await RelaySession.open({ url: process.argv[1], onNotify: () => undefined, onLost });
    console.log('locked', await session.tryLockBucket(${bucket}));
    const beat = setInterval(() => session.keepAlive().catch(() => undefined), 500);
    process.on('SIGUSR2', async () => {
      clearInterval(beat);
      const rows = JSON.parse(process.argv[2]);
      await session.deleteOutbox(rows).then(() => console.log('deleted'), () => console.log('refused'));
    });`;
  const rows = JSON.stringify([{ bucket, id: '1' }]);
  const flags = ['--import', 'tsx', '--conditions', 'carillon-source', '--input-type=module', '-e', script, store().url, rows];
  const child = spawn(process.execPath, flags, { cwd: import.meta.dirname, stdio: ['ignore', 'pipe', 'inherit'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  const lines: string[] = [];
  createInterface({ input: child.stdout }).on('line', (line) => lines.push(line));
  await expect.poll(() => lines, { timeout: 15_000 }).toEqual(['locked true']);
  return { child, lines };
}

describe('relay session', () => {
  test('[D12] a bucket has one owner; it is free once the owner lets go or ends', async () => {
    const [first, second] = [await open(), await open()];
    expect(await first.countLiveRelays()).toBe(2);
    expect([await first.tryLockBucket(3), await first.tryLockBucket(3), await second.tryLockBucket(3)]).toEqual([true, true, false]);
    await first.unlockBucket(3);
    expect(await second.tryLockBucket(3)).toBe(true);
    await second[Symbol.asyncDispose]();
    await expect.poll(() => first.tryLockBucket(3)).toBe(true);
    expect(await first.countLiveRelays()).toBe(1);
    expect([first.lost, second.lost]).toEqual([[], []]);
    await expect(second.keepAlive()).rejects.toThrow('closed');
  });

  test('[D12] a killed owner’s bucket is free at once', async () => {
    const { child } = await relayProcess(5);
    const next = await open();
    expect(await next.tryLockBucket(5)).toBe(false);
    child.kill('SIGKILL');
    await once(child, 'exit');
    await expect.poll(() => next.tryLockBucket(5), { timeout: 5_000 }).toBe(true);
  });

  test('[D12] a frozen owner loses its bucket within 10 s and, awake again, deletes nothing', { timeout: 40_000 }, async () => {
    const chat = await store().group('olivia');
    const { child, lines } = await relayProcess(9);
    const next = await open();
    child.kill('SIGSTOP');
    await expect.poll(() => next.tryLockBucket(9), { timeout: 10_000, interval: 200 }).toBe(true);
    const before = await store().outboxSeqs(chat.id);
    child.kill('SIGUSR2');
    child.kill('SIGCONT');
    await expect.poll(() => lines, { timeout: 10_000 }).toContain('refused');
    expect(lines).toContain('lost');
    expect(lines).not.toContain('deleted');
    expect(await store().outboxSeqs(chat.id)).toEqual(before);
  });

  test('[D12] a broken session says so once, and everything after it fails', async () => {
    const session = await open();
    const pids = await store().rows<{ ended: boolean }>(
      "SELECT pg_terminate_backend(pid) AS ended FROM pg_stat_activity WHERE application_name = 'carillon-relay' AND datname = current_database()",
    );
    expect(pids.length).toBeGreaterThan(0);
    await expect.poll(() => session.lost).toHaveLength(1);
    await expect(session.readOutbox(upTo(64))).rejects.toThrow();
    await expect(session.deleteOutbox([{ bucket: 1, id: '1' }])).rejects.toThrow();
    expect(session.lost).toHaveLength(1);
  });

  test('[D4] [M1] rows come by bucket, the chats of each in turn, bounded per bucket, with what the relay needs; deleted are only those named', async () => {
    await store().rows('DELETE FROM outbox');
    const chats = await Promise.all(many(12).map((n) => store().group('olivia', [`user-${n}`])));
    await Promise.all(chats.flatMap((chat) => many(5).map(() => store().send(chat.id, 'olivia'))));
    const session = await open();
    const rows = await session.readOutbox(upTo(100));
    expect(rows).toHaveLength(72);
    const turns = rows.map((row) => [row.bucket, row.seq, Number(row.id)] as const);
    expect(turns).toEqual(turns.toSorted((a, b) => a[0] - b[0] || a[1] - b[1] || a[2] - b[2]));
    for (const chat of chats) {
      const own = rows.filter((row) => row.chatId === chat.id);
      expect(own.map((row) => row.seq)).toEqual([1, 2, 3, 4, 5, 6]);
      expect(own.every((row) => row.bucket === bucketOf(chat.id) && row.memberVersion === 1 && row.atMs === Date.parse(row.at))).toBe(true);
    }
    const [event] = await store().events(rows[0]?.chatId ?? '');
    expect(rows[0]).toMatchObject({ event: 'chat.created', actorId: 'olivia', traceparent: null, at: event?.at });
    expect(JSON.parse(rows[0]?.data ?? '')).toEqual(event?.data);
    const few = await session.readOutbox(upTo(2));
    expect(Math.max(...allBuckets.map((bucket) => few.filter((row) => row.bucket === bucket).length))).toBe(2);
    expect(await session.readOutbox(upTo(100, [bucketOf(chats[0]?.id ?? '')]))).toEqual(
      rows.filter((row) => row.bucket === bucketOf(chats[0]?.id ?? '')),
    );
    expect(await session.outboxStatistics()).toMatchObject({ rows: 72, oldestSeconds: expect.any(Number) });
    expect(byId(await session.readOutbox({ ...upTo(100), acknowledged: rows.slice(0, 10) }))).toEqual(byId(rows.slice(10)));
    expect(byId(await session.readOutbox(upTo(100)))).toEqual(byId(rows.slice(10)));
    expect(await session.readOutbox({ buckets: [], acknowledged: rows.slice(10, 20) })).toEqual([]);
    expect(byId(await session.readOutbox(upTo(100)))).toEqual(byId(rows.slice(20)));
    await session.deleteOutbox(rows);
    expect(await session.readOutbox(upTo(100))).toEqual([]);
    expect(await session.outboxStatistics()).toEqual({ rows: 0, oldestSeconds: 0 });
  });

  test('[D16] a backlog of one chat takes 16 rows of a read; chats that are held are passed over; a read may begin behind a chat', async () => {
    await store().rows('DELETE FROM outbox');
    const groups = await Promise.all(many(40).map(() => store().group('olivia')));
    const bucket = allBuckets.find((one) => groups.filter(({ id }) => bucketOf(id) === one).length >= 3) ?? -1;
    const [first = '', second = '', third = ''] = groups.flatMap(({ id }) => (bucketOf(id) === bucket ? [id] : [])).sort();
    for (const _ of many(40)) await store().send(second, 'olivia');
    await store().rows('DELETE FROM outbox WHERE bucket = $1 AND chat_id <> ALL ($2)', [bucket, [first, second, third]]);
    const session = await open();
    const chatsOf = async (read: OutboxRead) => (await session.readOutbox(read)).map((row) => row.chatId);
    const all = await session.readOutbox(upTo(64, [bucket]));
    expect(all.filter((row) => row.chatId === second).map((row) => row.seq)).toEqual(many(16).map((n) => n + 1));
    expect(new Set(all.slice(0, 3).map((row) => row.chatId))).toEqual(new Set([first, second, third]));
    expect(new Set(await chatsOf({ ...upTo(64, [bucket]), heldChats: [second] }))).toEqual(new Set([first, third]));
    expect(new Set(await chatsOf(upTo(64, [bucket], second)))).toEqual(new Set([third]));
    expect(await chatsOf(upTo(64, [bucket], third))).toEqual([]);
    const sent = await session.readOutbox(upTo(2, [bucket]));
    const rest = await session.readOutbox({ ...upTo(64, [bucket]), acknowledged: sent });
    expect(rest.map((row) => row.id)).not.toEqual(expect.arrayContaining(sent.map((row) => row.id)));
    expect(new Set(rest.map((row) => row.chatId)).size).toBeGreaterThanOrEqual(2);
  });

  test('a row carries the trace context of the request that made it', async () => {
    const chat = await store().group('olivia');
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
    await updateChat(store().db, { chatId: chat.id, userId: 'olivia', title: 'New', traceparent });
    const session = await open();
    const rows = await session.readOutbox(upTo(100, [bucketOf(chat.id)]));
    expect(rows.filter((row) => row.chatId === chat.id).map((row) => row.traceparent)).toEqual([null, traceparent]);
  });

  test('a read is bounded in bytes, but every bucket gets on', async () => {
    await store().rows('DELETE FROM outbox');
    const chat = await store().group('olivia');
    await store().rows('DELETE FROM outbox');
    for (const _ of many(20)) await store().send(chat.id, 'olivia', 'x'.repeat(60_000));
    const session = await open();
    const bucket = bucketOf(chat.id);
    expect((await session.readOutbox(upTo(64, [bucket]))).map((row) => row.seq)).toEqual(many(16).map((n) => n + 2));
    const shared = await session.readOutbox(upTo(64));
    expect(shared.length).toBeGreaterThanOrEqual(1);
    expect(shared.length).toBeLessThan(12);
    await session.deleteOutbox(shared);
    expect((await session.readOutbox(upTo(64)))[0]?.seq).toBe(2 + shared.length);
  });

  test('a notification wakes every relay with the buckets', async () => {
    const [first, second] = [await open(), await open()];
    await notifyBuckets(store().db, [3, 7]);
    await expect
      .poll(() => [first.heard, second.heard])
      .toEqual([
        [3, 7],
        [3, 7],
      ]);
    await store().rows("SELECT pg_notify('carillon_outbox', 'garbage,99,4')");
    await expect.poll(() => first.heard).toEqual([3, 7, 4]);
  });
});
