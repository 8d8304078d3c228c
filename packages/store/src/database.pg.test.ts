import { randomUUID } from 'node:crypto';
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

  test('a Postgres that is away, a pool without a free connection and an ended session are `unavailable`', {
    timeout: 20_000,
  }, async () => {
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
    const updates = async () => {
      const rows = await store().rows<{ n: string; hot: string }>(
        "SELECT sum(n_tup_upd) AS n, sum(n_tup_hot_upd) AS hot FROM pg_stat_user_tables WHERE relname IN ('chats', 'members')",
      );
      return { all: Number(rows[0]?.n), hot: Number(rows[0]?.hot) };
    };
    const before = await updates();
    {
      await using own = new Database({ url: store().url, maxConnections: 1, applicationName: 'hot', logger: silentLogger });
      for (const n of Array(30).keys()) {
        const input = { chatId: chat.id, userId: 'olivia', contentHash: contentHash(''), text: '', attachments: [] };
        await appendMessage(own, { ...input, id: randomUUID(), clientMessageId: `${n}`, type: 'text' });
      }
    } // the statistics of a session are complete when it has ended
    await expect.poll(async () => (await updates()).all - before.all, { timeout: 15_000 }).toBe(60);
    const after = await updates();
    expect(after.hot - before.hot).toBe(after.all - before.all);
  });
});
