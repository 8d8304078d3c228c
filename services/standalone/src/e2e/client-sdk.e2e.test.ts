import { ApiClient, type TestCluster } from '@carillon/testkit';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { allMessages, CuttableSockets, openClients, textOf, until, untilAllEqual, write } from './sdk-clients.fixture.ts';
import { startTestCluster, usersOnShards } from './test-cluster.ts';

let cluster: TestCluster;
let api: ApiClient;

beforeAll(async () => {
  cluster = await startTestCluster(inject, { apis: 1, shards: 2 });
  api = new ApiClient(cluster.apis[0]?.url ?? '');
});
afterAll(() => cluster?.[Symbol.asyncDispose]());

test('[C4] [C5] [C8] a shard is killed and sockets are cut while two users write: both views are what Postgres has, each message once', async () => {
  const users = await usersOnShards(api, ['shard-0', 'shard-1']);
  const [ann = '', bob = ''] = users;
  const chat = await api.createGroup(ann, [bob]);
  const sockets = new CuttableSockets();
  using clients = await openClients(api, users, chat.id, { sockets });
  const writing = clients.all.map((client, index) => write(client, chat.id, `writer ${index}`, 60));
  const shows = (count: number) => () => clients.all.every((client) => client.chat(chat.id).getSnapshot().messages.length >= count);
  await until(shows(12), 'the first messages');
  cluster.shards[1]?.process.signal('SIGKILL');
  await until(shows(50), 'messages after the kill');
  sockets.cutAll();
  await Promise.all(writing);
  await untilAllEqual(api, clients.all, chat.id, ann);
  const stored = await allMessages(api, ann, chat.id);
  expect(stored.map(({ text }) => text).sort()).toEqual(
    users.flatMap((_, index) => [...Array(60).keys()].map((n) => textOf(`writer ${index}`, n))).sort(),
  );
  for (const [index] of users.entries()) {
    const own = stored.filter(({ text }) => text?.startsWith(`writer ${index}`));
    expect(own.map(({ text }) => text)).toEqual([...Array(60).keys()].map((n) => textOf(`writer ${index}`, n)));
  }
  expect(clients.all.some((client) => client.stats().connects > 1)).toBe(true);
  await cluster.startShard(1);
});

test('[C1] [C10] [C11] edits, deletions, history and a removal arrive as they are stored', async () => {
  const [ann = '', bob = ''] = await usersOnShards(api, ['shard-0', 'shard-1']);
  const chat = await api.createGroup(ann, [bob]);
  for (let n = 0; n < 70; n += 1) await api.sendText(ann, chat.id, `h${n}`, `history ${n}`);
  using clients = await openClients(api, [ann, bob], chat.id);
  const [mine, other] = clients.all;
  if (mine === undefined || other === undefined) throw new Error('two clients');
  expect(other.chat(chat.id).getSnapshot()).toMatchObject({ hasOlder: true });
  const [oldest, ...rest] = await allMessages(api, ann, chat.id);
  const loading = other.chat(chat.id).loadOlder();
  mine.chat(chat.id).edit(oldest?.id ?? '', { text: 'edited' });
  mine.chat(chat.id).delete(rest[0]?.id ?? '');
  mine.chat(chat.id).delete(rest.at(-1)?.id ?? '');
  await loading;
  await mine.chat(chat.id).loadOlder();
  await untilAllEqual(api, clients.all, chat.id, ann);
  expect(other.chat(chat.id).getSnapshot().messages).toHaveLength(70);
  await mine.chat(chat.id).removeMember(bob);
  await until(() => other.chat(chat.id).getSnapshot().ended === 'removed', 'the removal');
  expect(other.overview.getSnapshot().chats.map(({ id }) => id)).not.toContain(chat.id);
});
