import type { Chat, Event, EventName, Member, Message, OverviewEntry } from '@carillon/protocol';
import { eventNames } from '@carillon/protocol';
import { ApiClient, SocketClient, type TestCluster } from '@carillon/testkit';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { startTestCluster, usersOnShards } from './test-cluster.ts';

let cluster: TestCluster;
let api: ApiClient;

beforeAll(async () => {
  cluster = await startTestCluster(inject, { apis: 2, shards: 3 });
  api = new ApiClient(cluster.apis[0]?.url ?? '');
});
afterAll(() => cluster?.[Symbol.asyncDispose]());

test('[P6] a message posted for a user on another shard is pushed to both, with the same bytes of truth', async () => {
  const [alice = '', bob = ''] = await usersOnShards(api, ['shard-0', 'shard-1']);
  await using a = await SocketClient.open(await api.ticket(alice));
  await using b = await SocketClient.open(await api.ticket(bob));
  const ready = [a, b].map((client) => client.frames[0]);
  expect(ready).toMatchObject([
    { type: 'ready', user_id: alice, shard_id: 'shard-0', resumed: false, degraded: false },
    { type: 'ready', user_id: bob, shard_id: 'shard-1', resumed: false, degraded: false },
  ]);
  const chat = await api.createDirect(alice, bob);
  const message = await api.sendText(alice, chat.id, 'm1', 'Hello Bob 🔔');
  for (const client of [a, b]) {
    const created = await eventOf(client, 'message.created', chat.id);
    expect(created).toMatchObject({ seq: message.seq, actor_id: alice, data: { message } });
  }
});

test('[P6] every kind of event is pushed with full data, and equals what /events answers', async () => {
  const [owner = '', member = '', late = ''] = await usersOnShards(api, ['shard-0', 'shard-1', 'shard-2']);
  await using socket = await SocketClient.open(await api.ticket(member));
  const chat = await api.expect<Chat>(owner, 'POST', '/v1/chats', {
    kind: 'group',
    title: 'Ringers',
    avatar_url: 'https://cdn.example.org/a.png',
    member_ids: [member],
  });
  const path = `/v1/chats/${chat.id}`;
  const message = await api.sendText(owner, chat.id, 'c1', 'first');
  const edited = await api.expect<Message>(owner, 'PATCH', `${path}/messages/${message.id}`, { text: 'second' });
  // A deletion replaces what the relay has not read yet by the tombstone [M10].
  await eventOf(socket, 'message.updated', chat.id);
  await api.expect(owner, 'DELETE', `${path}/messages/${message.id}`);
  const renamed = await api.expect<Chat>(owner, 'PATCH', path, { title: 'Bell ringers' });
  const added = await api.expect<{ members: Member[] }>(owner, 'POST', `${path}/members`, { user_ids: [late] });
  const promoted = await api.expect<Member>(owner, 'PATCH', `${path}/members/${late}`, { role: 'admin' });
  await api.expect(owner, 'DELETE', `${path}/members/${late}`);
  const before = await api.expect<{ events: Event[] }>(member, 'GET', `${path}/events?after_seq=0`);
  await api.expect(owner, 'DELETE', path);

  await eventOf(socket, 'chat.deleted', chat.id);
  const events = socket.events(chat.id);
  expect(events.map((event) => event.seq)).toEqual(events.map((_, index) => index + 1));
  expect(new Set(events.map((event) => event.event))).toEqual(new Set(eventNames));
  const data = (name: EventName) => events.find((event) => event.event === name)?.data;
  expect(data('chat.created')).toMatchObject({
    chat: { ...chat, seq: 1 },
    members: [
      { user_id: owner, role: 'owner' },
      { user_id: member, role: 'member' },
    ],
  });
  expect(data('message.created')).toEqual({ message });
  expect(data('message.updated')).toEqual({ message: edited });
  expect(data('message.deleted')).toMatchObject({
    message: { id: message.id, text: null, attachments: [], type: 'text', deleted_at: expect.any(String) },
  });
  expect(data('chat.updated')).toEqual({ chat: renamed });
  expect(data('member.added')).toMatchObject({ chat: { id: chat.id, member_count: 3 }, members: added.members });
  expect(data('member.updated')).toEqual({ member: promoted });
  expect(data('member.removed')).toMatchObject({ user_id: late, reason: 'removed', chat: { id: chat.id, member_count: 2 } });
  expect(data('chat.deleted')).toMatchObject({ chat: { id: chat.id, deleted_at: expect.any(String) } });

  const pushedAsStored = events
    .slice(0, before.events.length)
    .filter((event) => !['message.created', 'message.updated'].includes(event.event));
  expect(before.events.filter((event) => !['message.created', 'message.updated'].includes(event.event))).toEqual(pushedAsStored);
});

test.each([
  ['text', { type: 'text', text: 'plain' }],
  [
    'text with attachments',
    {
      type: 'text',
      text: 'look',
      attachments: [
        attachment('image', { width: 640, height: 480 }),
        attachment('video', { duration_ms: 9_000 }),
        attachment('file', { name: 'a.pdf', size_bytes: 12, mime_type: 'application/pdf' }),
      ],
    },
  ],
  ['attachment alone', { type: 'text', attachments: [attachment('image')] }],
  ['voice', { type: 'voice', attachments: [attachment('voice', { duration_ms: 3_200 })] }],
  ['circle video', { type: 'circle_video', attachments: [attachment('circle_video', { duration_ms: 5_000, width: 400, height: 400 })] }],
  ['sticker', { type: 'sticker', attachments: [attachment('sticker')] }],
])('[P6] a message of type %s is pushed as it was answered', async (_name, content) => {
  const [alice = '', bob = ''] = await usersOnShards(api, ['shard-1', 'shard-2']);
  await using socket = await SocketClient.open(await api.ticket(bob));
  const chat = await api.createDirect(alice, bob);
  const message = await api.expect<Message>(alice, 'POST', `/v1/chats/${chat.id}/messages`, { client_message_id: 'm1', ...content });
  const pushed = await eventOf(socket, 'message.created', chat.id);
  expect(pushed.data).toEqual({ message });
  const overview = await api.expect<OverviewEntry>(bob, 'GET', `/v1/chats/${chat.id}`);
  expect(overview).toMatchObject({ last_message: message, unread_count: 1, message_no: 1 });
});

test('a read position is signalled to the other side of a direct chat and to the own connections', async () => {
  const [alice = '', bob = ''] = await usersOnShards(api, ['shard-0', 'shard-1']);
  const chat = await api.createDirect(alice, bob);
  await api.sendText(alice, chat.id, 'm1', 'read me');
  await using a = await SocketClient.open(await api.ticket(alice));
  await using b = await SocketClient.open(await api.ticket(bob));
  expect(await api.expect(bob, 'PUT', `/v1/chats/${chat.id}/read`, { message_no: 1 })).toEqual({ read_message_no: 1 });
  for (const client of [a, b]) {
    const signal = await client.frame((frame) => frame.type === 'signal', 'read signal');
    expect(signal).toEqual({ type: 'signal', signal: 'read', chat_id: chat.id, user_id: bob, message_no: 1 });
  }
});

test('[R2] a user whom another shard owns is pushed through it, on as many tabs as they like', async () => {
  const [alice = '', bob = ''] = await usersOnShards(api, ['shard-0', 'shard-1']);
  const chat = await api.createDirect(alice, bob);
  await using own = await SocketClient.open(await api.ticket(bob));
  await using foreign = await SocketClient.open(await api.ticket(bob, { avoid_shard_id: 'shard-1' }));
  expect(foreign.frames[0]).toMatchObject({ type: 'ready', degraded: false });
  expect(foreign.frames[0]).not.toMatchObject({ shard_id: 'shard-1' });
  for (let n = 1; n <= 20; n += 1) await api.sendText(alice, chat.id, `m${n}`, `text ${n}`);
  for (const client of [own, foreign]) {
    const messages = () => client.events(chat.id).filter((event) => event.event === 'message.created');
    await client.until(() => messages().length === 20, '20 messages');
    expect(messages().map((event) => event.seq)).toEqual([...Array(20).keys()].map((n) => n + 2));
  }
});

function attachment(type: string, more: object = {}) {
  return { type, file_url: `https://cdn.example.org/${type}`, ...more };
}

async function eventOf(client: SocketClient, name: EventName, chatId: string): Promise<Event> {
  return client.frame<Event>((frame) => frame.type === 'event' && frame.event === name && frame.chat_id === chatId, `${name} of ${chatId}`);
}
