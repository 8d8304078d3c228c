import { chatSchema } from '@carillon/protocol';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ApiFixture } from './api.fixture.ts';
import { ChatWrites } from './chat-writes.ts';
import { ManualClock } from './manual-clock.fixture.ts';
import { sendMessage } from './messages/send-message.ts';
import { moveReadPosition } from './sync/mark-read.ts';
import { WriteGate, writeGateLimits } from './write-gate.ts';

let api: ApiFixture;
beforeAll(async () => {
  api = await ApiFixture.create();
});
afterAll(async () => {
  await api[Symbol.asyncDispose]();
});

test("a read position is told to the user's own connections and, in a direct chat, to the other side", async () => {
  const signals: unknown[] = [];
  const parts = { database: api.database, signals: { sendRead: (signal: unknown) => void signals.push(signal) } };
  const group = await api.group('ann', ['bob', 'cy']);
  const direct = chatSchema.parse((await api.call('ann', 'POST', '/v1/chats', { kind: 'direct', member_ids: ['bob'] })).body);
  for (const chatId of [group.id, direct.id]) {
    await api.send('ann', chatId, 'x');
    await moveReadPosition(parts, { chatId, userId: 'bob', messageNo: 99 });
    await moveReadPosition(parts, { chatId, userId: 'bob', messageNo: 1 });
  }
  expect(signals).toEqual([
    { chatId: group.id, userId: 'bob', messageNo: 1, recipients: ['bob'] },
    { chatId: direct.id, userId: 'bob', messageNo: 1, recipients: ['bob', 'ann'] },
  ]);
});

test('[D2] the relay is woken after the commit, and only when something changed', async () => {
  const { id: chatId } = await api.group('ann', ['bob']);
  const pokes: string[] = [];
  const gate = new WriteGate(writeGateLimits, new ManualClock());
  const writes = new ChatWrites({ database: api.database, gate, relay: { poke: (poked) => pokes.push(poked) } });
  const send = (userId: string, text: string) => {
    const message = { client_message_id: 'm1', type: 'text' as const, text };
    return sendMessage({ writes, newId: () => crypto.randomUUID() }, { chatId, userId, message, traceparent: undefined });
  };
  await send('ann', 'x');
  expect(pokes).toEqual([chatId]);
  await send('ann', 'x');
  await expect(send('ann', 'other')).rejects.toMatchObject({ code: 'idempotency_conflict' });
  await expect(send('eve', 'x')).rejects.toMatchObject({ code: 'not_found' });
  expect(pokes).toEqual([chatId]);
});

test('the trace of a request goes with the events of every write', async () => {
  const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
  const headers = { traceparent };
  const call = async (method: string, path: string, body?: object) =>
    (await api.call('ann', method, path, body, headers)).body as { id: string };
  const { id } = await call('POST', '/v1/chats', { kind: 'group', title: 'x', member_ids: ['bob'] });
  const chat = `/v1/chats/${id}`;
  const message = await call('POST', `${chat}/messages`, { client_message_id: 'm', type: 'text', text: 'x' });
  await call('PATCH', `${chat}/messages/${message.id}`, { text: 'y' });
  await call('DELETE', `${chat}/messages/${message.id}`);
  await call('PATCH', chat, { title: 'y' });
  await call('POST', `${chat}/members`, { user_ids: ['cy'] });
  await call('PATCH', `${chat}/members/bob`, { role: 'admin' });
  await call('DELETE', `${chat}/members/bob`);
  await call('DELETE', chat);
  const statement = { name: 'traces', text: 'SELECT seq, traceparent FROM outbox WHERE chat_id = $1 ORDER BY seq' };
  const rows = await api.database.query<{ seq: number; traceparent: string }>(statement, [id]);
  expect(rows).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9].map((seq) => ({ seq, traceparent })));
});

test('a burst to one chat is stored whole, and another chat is served beside it', async () => {
  const { id: hot } = await api.group('ann');
  const { id: calm } = await api.group('ann');
  const send = async (chatId: string, id: string) =>
    (await api.call('ann', 'POST', `/v1/chats/${chatId}/messages`, { client_message_id: id, type: 'text', text: 'x' })).status;
  let isBurstOver = false;
  const burst = Promise.all(Array.from({ length: 300 }, (_, index) => send(hot, `${index}`))).finally(() => {
    isBurstOver = true;
  });
  expect([await send(calm, 'm'), isBurstOver]).toEqual([201, false]);
  expect(new Set(await burst)).toEqual(new Set([201]));
  const { body } = await api.call('ann', 'GET', `/v1/chats/${hot}`);
  expect(body).toMatchObject({ seq: 301, message_no: 300, unread_count: 0 });
});
