import type { Event } from '@carillon/protocol';
import { ApiClient, SocketClient, type TestCluster } from '@carillon/testkit';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { startTestCluster } from './test-cluster.ts';

let cluster: TestCluster;
let api: ApiClient;

beforeAll(async () => {
  cluster = await startTestCluster(inject, { apis: 2, shards: 3 });
  api = new ApiClient(cluster.apis[0]?.url ?? '');
});
afterAll(() => cluster?.[Symbol.asyncDispose]());

test('[D3] a group of 200 over three shards: every member is pushed every event, once and in order', async () => {
  const users = [...Array(200).keys()].map((n) => `member-${n}`);
  const [owner = ''] = users;
  const chat = await api.createGroup(owner, users);
  await using sockets = await openAll(users);
  expect(
    new Set(sockets.clients.map((client) => client.frames[0]).map((frame) => (frame?.type === 'ready' ? frame.shard_id : ''))).size,
  ).toBe(3);
  const messages = 10;
  for (let n = 1; n <= messages; n += 1) await api.sendText(users[n] ?? '', chat.id, `g${n}`, `text ${n}`);
  const seqs = (await events(owner, chat.id)).filter((event) => event.event === 'message.created').map((event) => event.seq);
  expect(seqs).toHaveLength(messages);
  for (const client of sockets.clients) {
    const pushed = () => client.events(chat.id).filter((event) => event.event === 'message.created');
    await client.until(() => pushed().length >= messages, `${messages} messages`);
    expect(pushed().map((event) => event.seq)).toEqual(seqs);
  }
});

test('[M5] [M6] an added member is told from their joining on; a removed one nothing after the removal, by push or HTTP', async () => {
  const chat = await api.createGroup('olga', ['peter']);
  const path = `/v1/chats/${chat.id}`;
  await using late = await SocketClient.open(await api.ticket('quinn'));
  await api.sendText('olga', chat.id, 'before', 'not for Quinn');
  await api.expect('olga', 'POST', `${path}/members`, { user_ids: ['quinn'] });
  const joined = await late.frame<Event>((frame) => frame.type === 'event' && frame.event === 'member.added', 'member.added');
  const inside = await api.sendText('olga', chat.id, 'inside', 'for Quinn');
  await late.until(() => late.events(chat.id).some((event) => event.seq === inside.seq), 'the message inside');
  await api.expect('olga', 'DELETE', `${path}/members/quinn`);
  const removal = await late.frame<Event>((frame) => frame.type === 'event' && frame.event === 'member.removed', 'member.removed');
  for (let n = 0; n < 5; n += 1) await api.sendText('olga', chat.id, `after-${n}`, 'not for Quinn');

  // A later event in another chat on the same path shows that nothing of this chat is still on its way.
  const marker = await api.createDirect('olga', 'quinn');
  await api.sendText('olga', marker.id, 'marker', 'marker');
  await late.until(() => late.events(marker.id).some((event) => event.event === 'message.created'), 'the marker');
  expect(late.events(chat.id).map((event) => event.seq)).toEqual([joined.seq, inside.seq, removal.seq]);
  for (const route of ['', '/messages', '/events?after_seq=0', '/members', `/messages/${inside.id}`]) {
    expect((await api.call('quinn', 'GET', `${path}${route}`)).status, route).toBe(404);
  }
});

async function openAll(users: readonly string[]) {
  const clients = await Promise.all(users.map(async (user) => SocketClient.open(await api.ticket(user))));
  return {
    clients,
    [Symbol.asyncDispose]: async () => {
      await Promise.all(clients.map((client) => client[Symbol.asyncDispose]()));
    },
  };
}

async function events(userId: string, chatId: string): Promise<Event[]> {
  const answer = await api.expect<{ events: Event[] }>(userId, 'GET', `/v1/chats/${chatId}/events?after_seq=0&limit=100`);
  return answer.events;
}
