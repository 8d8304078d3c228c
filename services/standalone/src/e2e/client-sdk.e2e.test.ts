import { setTimeout as pause } from 'node:timers/promises';
import { type Client, createClient, type Message, type WebSocketConstructor } from '@carillon/client';
import { ApiClient, type TestCluster } from '@carillon/testkit';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { WebSocket } from 'ws';
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
  using clients = await openClients(users, chat.id, sockets);
  const writing = clients.all.map((client, index) => write(client, chat.id, `writer ${index}`, 60));
  const shows = (count: number) => () => clients.all.every((client) => client.chat(chat.id).getSnapshot().messages.length >= count);
  await until(shows(12), 'the first messages');
  cluster.shards[1]?.process.signal('SIGKILL');
  await until(shows(50), 'messages after the kill');
  sockets.cutAll();
  await Promise.all(writing);
  await untilAllEqual(clients.all, chat.id, ann);
  const stored = await allMessages(ann, chat.id);
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
  using clients = await openClients([ann, bob], chat.id);
  const [mine, other] = clients.all;
  if (mine === undefined || other === undefined) throw new Error('two clients');
  expect(other.chat(chat.id).getSnapshot()).toMatchObject({ hasOlder: true });
  const [oldest, ...rest] = await allMessages(ann, chat.id);
  const loading = other.chat(chat.id).loadOlder();
  mine.chat(chat.id).edit(oldest?.id ?? '', { text: 'edited' });
  mine.chat(chat.id).delete(rest[0]?.id ?? '');
  mine.chat(chat.id).delete(rest.at(-1)?.id ?? '');
  await loading;
  await mine.chat(chat.id).loadOlder();
  await untilAllEqual(clients.all, chat.id, ann);
  expect(other.chat(chat.id).getSnapshot().messages).toHaveLength(70);
  await mine.chat(chat.id).removeMember(bob);
  await until(() => other.chat(chat.id).getSnapshot().ended === 'removed', 'the removal');
  expect(other.overview.getSnapshot().chats.map(({ id }) => id)).not.toContain(chat.id);
});

/** WebSockets that a test can cut as a broken network does. */
class CuttableSockets {
  readonly #open = new Set<WebSocket>();

  get WebSocket(): WebSocketConstructor {
    const open = this.#open;
    return class extends WebSocket {
      constructor(url: string, protocols: string[]) {
        super(url, protocols);
        open.add(this);
        this.on('close', () => open.delete(this));
      }
    };
  }

  cutAll(): void {
    for (const socket of this.#open) socket.terminate();
  }
}

async function openClients(users: readonly string[], chatId: string, sockets = new CuttableSockets()) {
  const all = users.map((user) => createClient({ apiUrl: api.url, getToken: () => api.token(user), WebSocket: sockets.WebSocket }));
  for (const client of all) client.chat(chatId).subscribe(() => undefined);
  await Promise.all(all.map((client) => client.connect({ signal: AbortSignal.timeout(15_000) })));
  await until(() => all.every((client) => client.chat(chatId).getSnapshot().isLoaded), 'the open chat');
  return {
    all,
    [Symbol.dispose]: () => {
      for (const client of all) client.dispose();
    },
  };
}

/** Sends at a steady pace, whatever happens to the connection. */
async function write(client: Client, chatId: string, writer: string, count: number): Promise<void> {
  for (let n = 0; n < count; n += 1) {
    client.chat(chatId).send({ text: textOf(writer, n) });
    await pause(50);
  }
}

function textOf(writer: string, n: number): string {
  return `${writer}, message ${n}`;
}

/** At rest every view is what the API reads from Postgres, and its line in the overview, too. */
async function untilAllEqual(clients: readonly Client[], chatId: string, userId: string): Promise<void> {
  await until(async () => {
    const stored = await allMessages(userId, chatId);
    return clients.every((client) => {
      const { messages, pending, status, chat } = client.chat(chatId).getSnapshot();
      const isAtRest = status === 'live' && pending.length === 0 && chat?.last_message?.id === stored.at(-1)?.id;
      return isAtRest && JSON.stringify(messages) === JSON.stringify(stored.slice(-messages.length));
    });
  }, 'views equal to Postgres');
}

async function allMessages(userId: string, chatId: string): Promise<Message[]> {
  const messages: Message[] = [];
  for (let after = 0, hasMore = true; hasMore; ) {
    const path = `/v1/chats/${chatId}/messages?after_seq=${after}&limit=100`;
    const page = await api.expect<{ messages: Message[]; has_more_after: boolean }>(userId, 'GET', path);
    messages.push(...page.messages);
    after = page.messages.at(-1)?.seq ?? after;
    hasMore = page.has_more_after;
  }
  return messages;
}

async function until(holds: () => boolean | Promise<boolean>, what: string, deadlineMs = 30_000): Promise<void> {
  const deadline = Date.now() + deadlineMs;
  while (!(await holds())) {
    if (Date.now() > deadline) throw new Error(`no ${what} within ${deadlineMs} ms`);
    await pause(50);
  }
}
