import { silentLogger, systemClock } from '@carillon/runtime';
import { expect, inject, test } from 'vitest';
import { RelayDatabase } from './relay-database.fixture.ts';
import { EventPruner } from './retention.ts';

test('[H18] events older than the retention go, those still in the outbox and younger ones stay', async () => {
  await using db = await RelayDatabase.create(inject('postgresUrl'));
  const chatId = await db.group(['bob']);
  for (const text of ['old', 'old, not sent yet', 'young']) await db.post(chatId, text);
  await db.age(chatId, { days: 40, upToSeq: 3 });
  await db.markSent(chatId, 2);
  await using pruner = new EventPruner({
    database: db.database,
    retentionDays: 30,
    clock: systemClock,
    logger: silentLogger,
    random: () => 0, // the first run is due at once
  });
  pruner.start();
  await expect.poll(() => db.eventSeqs(chatId)).toEqual([3, 4]);
});

test('the pruner stops at once, also while it waits for its next run', async () => {
  await using db = await RelayDatabase.create(inject('postgresUrl'));
  const pruner = new EventPruner({ database: db.database, retentionDays: 30, clock: systemClock, logger: silentLogger, random: () => 0.5 });
  pruner.start();
  const stoppedAtMs = performance.now();
  await pruner[Symbol.asyncDispose]();
  expect(performance.now() - stoppedAtMs).toBeLessThan(5_000);
});
