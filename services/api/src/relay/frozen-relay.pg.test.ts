import { silentLogger } from '@carillon/runtime';
import { RelaySession } from '@carillon/store';
import { expect, inject, test } from 'vitest';
import { RelayDatabase } from './relay-database.fixture.ts';

const open = (url: string) => RelaySession.open({ url, logger: silentLogger, onNotify: () => undefined, onLost: () => undefined });

test('[D12] a session whose owner is silent loses its bucket within 10 s, and what that one deletes afterwards fails', async () => {
  await using db = await RelayDatabase.create(inject('postgresUrl'));
  const chatId = await db.group(['bob'], 5);
  await db.post(chatId, 'hello');
  await using frozen = await open(db.url);
  expect(await frozen.tryLockBucket(5)).toBe(true);
  const afterChat = '00000000-0000-0000-0000-000000000000';
  const rows = await frozen.readOutbox({ buckets: [{ bucket: 5, rows: 64, bytes: 100_000, afterChat }] });
  expect(rows).toHaveLength(2);
  await using next = await open(db.url);
  const frozenAtMs = performance.now();
  await expect.poll(() => next.tryLockBucket(5), { timeout: 12_000, interval: 250 }).toBe(true);
  expect(performance.now() - frozenAtMs).toBeLessThan(10_000);
  await expect(frozen.deleteOutbox(rows)).rejects.toThrow();
  expect(await db.outboxRows()).toBe(2);
});
