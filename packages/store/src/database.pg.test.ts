import { randomUUID } from 'node:crypto';
import { connect, createServer, type Socket } from 'node:net';
import { silentLogger } from '@carillon/runtime';
import { describe, expect, test } from 'vitest';
import { Database } from './database.ts';
import { appendMessage } from './queries/append-message.ts';
import { contentHash, useTestStore } from './test-store.contract.ts';

const store = useTestStore();
const statement = (text: string) => ({ name: text.slice(0, 20), text });

describe('database', () => {
  test('a lock held for longer than lock_timeout is `unavailable`, and the connection goes on', async () => {
    const chat = await store().group('olivia');
    await using blocker = await store().session();
    await blocker.query('BEGIN');
    await blocker.query('SELECT 1 FROM chats WHERE id = $1 FOR UPDATE', [chat.id]);
    await expect(store().trySend(chat.id, 'olivia')).rejects.toMatchObject({ code: 'unavailable', retryAfterSeconds: 1 });
    await blocker.query('ROLLBACK');
    expect(await store().send(chat.id, 'olivia')).toMatchObject({ seq: 2 });
  });

  test('a Postgres that is away, a pool without a free connection and an ended session are `unavailable`', async () => {
    const options = { maxConnections: 1, applicationName: 'database-test', logger: silentLogger };
    await using away = new Database({ ...options, url: 'postgres://nobody@127.0.0.1:1/none' });
    await expect(away.ping()).rejects.toMatchObject({ code: 'unavailable' });
    await using db = new Database({ ...options, url: store().url });
    const ended = db.transaction((transaction) =>
      transaction.query(statement('SELECT pg_sleep(4), pg_terminate_backend(pg_backend_pid())'), []),
    );
    const late = db.transaction((transaction) => transaction.query(statement('SELECT 1'), []));
    await expect(ended).rejects.toMatchObject({ code: 'unavailable' });
    await late;
    await db.ping();
  });

  test('[D2] a connection that is cut in the middle of a statement is `unavailable`, and the process lives on', async () => {
    await using relay = await listenInFront(store().url);
    const options = { maxConnections: 2, applicationName: 'database-cut', logger: silentLogger };
    await using db = new Database({ ...options, url: relay.url });
    const statements = [1, 2].map(() => db.query(statement('SELECT pg_sleep(2)'), []));
    await expect.poll(() => relay.connections()).toBe(2);
    relay.cut();
    const outcomes = await Promise.allSettled(statements);
    expect(outcomes.map((outcome) => outcome.status === 'rejected' && outcome.reason)).toMatchObject([
      { code: 'unavailable' },
      { code: 'unavailable' },
    ]);
    await db.ping();
    // Left alone, their snapshots would keep dead rows from the tests that follow.
    const asleep = "SELECT 1 FROM pg_stat_activity WHERE application_name = 'database-cut' AND wait_event = 'PgSleep'";
    await expect.poll(() => store().rows(asleep)).toEqual([]);
  });

  test('[D1] [M1] a failure within a transaction leaves nothing behind; a bug stays a bug', async () => {
    const chat = await store().group('olivia');
    const bug = store().db.transaction(async (transaction) => {
      await transaction.query(statement(`UPDATE chats SET seq = seq + 1 WHERE id = '${chat.id}'`), []);
      throw new TypeError('a bug');
    });
    await expect(bug).rejects.toThrow(TypeError);
    await expect(store().db.query(statement('SELECT no_such_column'), [])).rejects.toMatchObject({ code: '42703' });
    expect((await store().send(chat.id, 'olivia')).seq).toBe(2);
  });

  test('[D1] a send whose outbox row cannot be stored stores no message, no event and no number', async () => {
    const chat = await store().group('olivia');
    const input = { chatId: chat.id, userId: 'olivia', clientMessageId: 'c', contentHash: contentHash(''), text: '', attachments: [] };
    const traceparent = 'no outbox';
    await store().rows(`ALTER TABLE outbox ADD CONSTRAINT full_disk CHECK (traceparent <> '${traceparent}')`);
    const send = (trace?: string) => appendMessage(store().db, { ...input, id: chat.id, type: 'text', traceparent: trace });
    await expect(send(traceparent)).rejects.toMatchObject({ code: '23514' });
    expect(await store().events(chat.id)).toHaveLength(1);
    expect(await send()).toMatchObject({ kind: 'created', message: { seq: 2, message_no: 1 } });
  });

  test('[D2] once a send is answered, every other session sees it', async () => {
    const chat = await store().group('olivia');
    for (const n of Array(20).keys()) {
      const message = await store().send(chat.id, 'olivia', `${n}`);
      expect(await store().rows('SELECT seq FROM messages WHERE id = $1', [message.id])).toHaveLength(1);
    }
  });

  test('a send changes the chat and the read position without touching an index (HOT)', async () => {
    const chat = await store().group('olivia', ['bob']);
    await store().rows('VACUUM FULL chats, members');
    const updates = async (table: string) => {
      const [row] = await store().rows<{ n: string; hot: string }>(
        'SELECT n_tup_upd AS n, n_tup_hot_upd AS hot FROM pg_stat_user_tables WHERE relname = $1',
        [table],
      );
      return { all: Number(row?.n), hot: Number(row?.hot) };
    };
    const tables = await Promise.all(['chats', 'members'].map(async (table) => ({ table, before: await updates(table) })));
    {
      await using own = new Database({ url: store().url, maxConnections: 1, applicationName: 'hot', logger: silentLogger });
      for (const n of Array(30).keys()) {
        const input = { chatId: chat.id, userId: 'olivia', contentHash: contentHash(''), text: '', attachments: [] };
        await appendMessage(own, { ...input, id: randomUUID(), clientMessageId: `${n}`, type: 'text' });
      }
    } // the statistics of a session are complete when it has ended
    for (const { table, before } of tables) {
      await expect.poll(async () => (await updates(table)).all - before.all).toBeGreaterThanOrEqual(30);
      const after = await updates(table);
      // An index on what changes makes it none at all; a vacuum that passes by may cost a few.
      expect((after.hot - before.hot) / (after.all - before.all), table).toBeGreaterThan(0.5);
    }
  });
});

/** A TCP relay whose connections can be cut without a word, as a network or a killed server does. */
async function listenInFront(url: string) {
  const target = new URL(url);
  const sockets = new Set<Socket>();
  const server = createServer((client) => {
    const upstream = connect(Number(target.port), target.hostname);
    for (const socket of [client, upstream]) socket.on('error', () => socket.destroy());
    client.pipe(upstream).pipe(client);
    sockets.add(client);
    client.on('close', () => sockets.delete(client) && upstream.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('a TCP server has a port');
  const relayed = new URL(url);
  relayed.host = `127.0.0.1:${address.port}`;
  const cut = () => {
    for (const socket of sockets) socket.destroy();
  };
  return {
    url: relayed.href,
    connections: () => sockets.size,
    cut,
    [Symbol.asyncDispose]: async () => {
      cut();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
