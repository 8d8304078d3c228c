import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { silentLogger } from '@carillon/runtime';
import { describe, expect, onTestFinished, test } from 'vitest';
import { bucketOf } from './bucket.ts';
import { notifyBuckets } from './queries/notify-buckets.ts';
import { updateChat } from './queries/update-chat.ts';
import { type OutboxKey, type OutboxRead, type OutboxRow, RelaySession } from './relay-session.ts';
import { useTestStore } from './test-store.contract.ts';

const store = useTestStore();
const many = (count: number) => [...Array(count).keys()];
const allBuckets = many(16);
const noChat = '00000000-0000-0000-0000-000000000000';
const upTo = (rows: number, buckets = allBuckets, afterChat = noChat) => ({
  buckets: buckets.map((bucket) => ({ bucket, rows, bytes: 512 << 10, afterChat })),
});

async function open(): Promise<RelaySession & { lost: Error[]; heard: number[] }> {
  const [lost, heard]: [Error[], number[]] = [[], []];
  const onNotify = (buckets: number[]) => heard.push(...buckets);
  const session = await RelaySession.open({ url: store().url, logger: silentLogger, onNotify, onLost: (error) => lost.push(error) });
  onTestFinished(() => session[Symbol.asyncDispose]());
  return Object.assign(session, { lost, heard });
}

const byChat = (rows: readonly OutboxRow[]) =>
  rows.toSorted((a, b) => (a.chatId < b.chatId ? -1 : a.chatId > b.chatId ? 1 : a.seq - b.seq));

/** A relay in a process of its own, which takes one bucket and says so, then keeps its session alive; at SIGUSR2 it deletes the rows. */
async function relayProcess(bucket: number, rows: readonly OutboxKey[] = []) {
  const script = `
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
  const flags = [
    '--import',
    'tsx',
    '--conditions',
    'carillon-source',
    '--input-type=module',
    '-e',
    script,
    store().url,
    JSON.stringify(rows),
  ];
  const child = spawn(process.execPath, flags, { cwd: import.meta.dirname, stdio: ['ignore', 'pipe', 'inherit'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  const lines: string[] = [];
  createInterface({ input: child.stdout }).on('line', (line) => lines.push(line));
  await expect.poll(() => lines).toEqual(['locked true']);
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
    await expect.poll(() => next.tryLockBucket(5)).toBe(true);
  });

  test('[D12] a frozen owner loses its bucket within 10 s and, awake again, deletes nothing', async () => {
    const chat = await store().group('olivia');
    const bucket = bucketOf(chat.id);
    const { child, lines } = await relayProcess(bucket, [{ bucket, chatId: chat.id, seq: 1 }]);
    const next = await open();
    child.kill('SIGSTOP');
    await expect.poll(() => next.tryLockBucket(bucket), { interval: 200 }).toBe(true);
    expect(await store().outboxSeqs(chat.id)).toEqual([1]);
    child.kill('SIGUSR2');
    child.kill('SIGCONT');
    await expect.poll(() => lines).toContain('refused');
    expect(lines).toContain('lost');
    expect(lines).not.toContain('deleted');
    expect(await store().outboxSeqs(chat.id)).toEqual([1]);
  });

  test('[D12] a broken session says so once, and everything after it fails', async () => {
    const session = await open();
    const pids = await store().rows<{ ended: boolean }>(
      "SELECT pg_terminate_backend(pid) AS ended FROM pg_stat_activity WHERE application_name = 'carillon-relay' AND datname = current_database()",
    );
    expect(pids.length).toBeGreaterThan(0);
    await expect.poll(() => session.lost).toHaveLength(1);
    await expect(session.readOutbox(upTo(64))).rejects.toThrow();
    await expect(session.deleteOutbox([{ bucket: 1, chatId: noChat, seq: 1 }])).rejects.toThrow();
    expect(session.lost).toHaveLength(1);
  });

  test('[D4] [M1] rows come by bucket, the chats of each in turn, bounded per bucket, with what the relay needs; deleted are only those named', async () => {
    await store().rows('DELETE FROM outbox');
    const chats = await Promise.all(many(12).map((n) => store().group('olivia', [`user-${n}`])));
    await Promise.all(chats.flatMap((chat) => many(5).map(() => store().send(chat.id, 'olivia'))));
    const session = await open();
    const rows = await session.readOutbox(upTo(100));
    expect(rows).toHaveLength(72);
    const turns = rows.map((row) => `${String(row.bucket).padStart(2, '0')} ${row.seq} ${row.chatId}`);
    expect(turns).toEqual(turns.toSorted());
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
    expect(byChat(await session.readOutbox({ ...upTo(100), acknowledged: rows.slice(0, 10) }))).toEqual(byChat(rows.slice(10)));
    expect(byChat(await session.readOutbox(upTo(100)))).toEqual(byChat(rows.slice(10)));
    expect(await session.readOutbox({ buckets: [], acknowledged: rows.slice(10, 20) })).toEqual([]);
    expect(byChat(await session.readOutbox(upTo(100)))).toEqual(byChat(rows.slice(20)));
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
    const [gone, left] = [sent, rest].map((rows) => rows.map(({ chatId, seq }) => `${chatId} ${seq}`));
    expect(left).not.toEqual(expect.arrayContaining(gone ?? []));
    expect(new Set(rest.map((row) => row.chatId)).size).toBeGreaterThanOrEqual(2);
  });

  test('[D16] chats share the room of a read; those with nothing but rows that go take none of it', async () => {
    const { bucket, chatIds } = await store().neighbours(6);
    for (const chatId of chatIds) for (const _ of many(3)) await store().send(chatId, 'olivia');
    const session = await open();
    const counts = async (read: OutboxRead) => {
      const rows = await session.readOutbox(read);
      return chatIds.map((chatId) => rows.filter((row) => row.chatId === chatId).length);
    };
    expect(await counts(upTo(13, [bucket]))).toEqual([2, 2, 2, 2, 2, 2]);
    expect(await counts(upTo(4, [bucket]))).toEqual([1, 1, 1, 1, 0, 0]);
    const all = await session.readOutbox(upTo(64, [bucket]));
    const ofFirst = all.filter(({ chatId }) => chatIds.indexOf(chatId) < 3);
    expect(ofFirst).toHaveLength(12);
    expect(await counts({ ...upTo(3, [bucket]), acknowledged: ofFirst })).toEqual([0, 0, 0, 1, 1, 1]);
  });

  test('[D16] a read steps over a backlog without reading it, also with a plan made for an empty outbox', async () => {
    const { bucket, chatIds } = await store().neighbours(12);
    await store().rows('DELETE FROM outbox');
    // Statistics as they are when a backlog begins: the planner takes the outbox for empty, and the other tables for small.
    await store().rows('VACUUM (ANALYZE) outbox, events, chats');
    const rowsRead = `SELECT sum(seq_tup_read + COALESCE(idx_tup_read, 0)) AS rows FROM pg_stat_user_tables t
      JOIN (SELECT relid, sum(idx_tup_read) AS idx_tup_read FROM pg_stat_user_indexes GROUP BY relid) i USING (relid)
      WHERE relname IN ('outbox', 'events', 'chats')`;
    const before = await store().rows<{ rows: string }>(rowsRead);
    const session = await open();
    for (const _ of many(8)) expect(await session.readOutbox(upTo(64, [bucket]))).toEqual([]); // by now the plan is kept
    const fill = `WITH e AS (
        INSERT INTO events (chat_id, seq, event, actor_id, at, data, xid)
        SELECT c, n, 'message.created', 'olivia', clock_timestamp(), '{}', pg_current_xact_id()
        FROM unnest($1::uuid[]) WITH ORDINALITY AS chats (c, place), generate_series(100, CASE WHEN place = 5 THEN 20000 ELSE 101 END) AS n
        RETURNING chat_id, seq
      ) INSERT INTO outbox (bucket, chat_id, seq) SELECT bucket_of(chat_id), chat_id, seq FROM e`;
    await store().rows(fill, [chatIds]);
    const rows = await session.readOutbox(upTo(64, [bucket]));
    expect(rows).toHaveLength(2 * 11 + 5);
    expect(await session.readOutbox({ ...upTo(64, [bucket]), acknowledged: rows })).toHaveLength(16);
    await session[Symbol.asyncDispose](); // a session that ends tells its statistics
    const sessions = "SELECT 1 FROM pg_stat_activity WHERE application_name = 'carillon-relay' AND datname = current_database()";
    await expect.poll(() => store().rows(sessions)).toEqual([]);
    const after = await store().rows<{ rows: string }>(rowsRead);
    expect(Number(after[0]?.rows) - Number(before[0]?.rows)).toBeLessThan(1_000);
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
    const rows = await session.readOutbox(upTo(64, [bucket]));
    expect(rows.map((row) => row.seq)).toEqual(many(9).map((n) => n + 2)); // the ninth passes 512 KiB
    expect(rows.every(({ data, bytes }) => Buffer.byteLength(data) === bytes)).toBe(true);
    const tight = { buckets: [{ bucket, rows: 64, bytes: 1, afterChat: noChat }] };
    expect((await session.readOutbox(tight)).map((row) => row.seq)).toEqual([2]);
    await session.deleteOutbox(rows);
    expect((await session.readOutbox(tight)).map((row) => row.seq)).toEqual([11]);
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
