import { ApiClient, FaultCluster, type FaultProxy, Toxiproxy } from '@carillon/testkit';
import { expect, inject, test } from 'vitest';
import { allMessages, openClients, textOf, until, untilAllEqual, write } from '../e2e/sdk-clients.fixture.ts';
import { usersOnShards } from '../e2e/test-cluster.ts';

const count = 60;

test('[C4] [C5] [C8] [C15] the network of one user is frozen while both write: it is shown as stale, the other one goes on, and in the end both views are what Postgres has', async () => {
  await using cluster = await FaultCluster.launch({
    ...{ apis: 1, shards: 2 },
    shared: { databaseUrl: inject('postgresUrl'), kafkaBrokers: inject('kafkaBrokers'), redisUrl: inject('redisUrl') },
  });
  await using toxiproxy = await Toxiproxy.start();
  const api = new ApiClient(cluster.apiUrl());
  const annsWayToTheApi = await toxiproxy.proxy('ann-api', new URL(api.url).host);
  const users = await usersOnShards(api, ['shard-0', 'shard-1']);
  const [ann = '', bob = ''] = users;
  const chat = await api.createGroup(ann, [bob]);
  const apiUrl = (user: string) => (user === ann ? `http://${annsWayToTheApi.address}` : api.url);
  using clients = await openClients(api, users, chat.id, { apiUrl });
  const [frozen, other] = clients.all;
  if (frozen === undefined || other === undefined) throw new Error('two clients');
  const annsNetwork: readonly FaultProxy[] = [annsWayToTheApi, ...cluster.edges.clientShard.slice(0, 1)];
  const writing = clients.all.map((client, index) => write(client, chat.id, `writer ${index}`, count));
  const shows = (messages: number) => () => other.chat(chat.id).getSnapshot().messages.length >= messages;
  await until(shows(20), 'the first messages');
  for (const edge of annsNetwork) await edge.blackhole();
  await Promise.all(writing);
  await until(() => typeof frozen.status === 'object', 'the silence being noticed');
  await until(shows(count), "the other one's messages");
  expect(frozen.chat(chat.id).getSnapshot().pending.length).toBeGreaterThan(0);
  expect(other.status).toBe('live');
  for (const edge of annsNetwork) await edge.heal();
  await untilAllEqual(api, clients.all, chat.id, ann, 90_000);
  const stored = await allMessages(api, ann, chat.id);
  for (const [index] of users.entries()) {
    const own = stored.filter(({ text }) => text?.startsWith(`writer ${index}`));
    expect(own.map(({ text }) => text)).toEqual([...Array(count).keys()].map((n) => textOf(`writer ${index}`, n)));
  }
  expect(cluster.deaths).toEqual([]);
});
