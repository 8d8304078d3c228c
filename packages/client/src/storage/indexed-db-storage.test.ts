import 'fake-indexeddb/auto';
import { expect, test } from 'vitest';
import type { PendingSend } from '../pending-sends.ts';
import { indexedDbStorage } from './indexed-db-storage.ts';

function pending(id: string): PendingSend {
  return { id, chatId: 'c', createdAtMs: 1, operation: { kind: 'send', content: { type: 'text', text: id } }, state: { kind: 'queued' } };
}

test('pending sends are kept per user, replaced and removed by id', async () => {
  const storage = indexedDbStorage({ name: 'per-user' });
  await storage.save('ann', pending('1'));
  await storage.save('ann', pending('2'));
  await storage.save('ann', { ...pending('2'), chatId: 'other' });
  await storage.save('anna', pending('3'));
  expect((await storage.load('ann')).map(({ id, chatId }) => [id, chatId])).toEqual([
    ['1', 'c'],
    ['2', 'other'],
  ]);
  await storage.remove('ann', '1');
  const reloaded = indexedDbStorage({ name: 'per-user' });
  expect((await reloaded.load('ann')).map(({ id }) => id)).toEqual(['2']);
  expect(await reloaded.load('bob')).toEqual([]);
});
