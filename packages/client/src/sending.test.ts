import { expect, test } from 'vitest';
import { liveWorld, texts, world } from './client.fixture.ts';
import type { PendingSend } from './pending-sends.ts';
import type { PendingStorage } from './sending.ts';
import { settled } from './testing/manual-clock.ts';

class MemoryStorage implements PendingStorage {
  readonly sends = new Map<string, PendingSend>();
  readonly log: string[] = [];
  async load() {
    return [...this.sends.values()];
  }
  async save(_userId: string, send: PendingSend) {
    this.log.push(`save ${send.id}`);
    this.sends.set(send.id, structuredClone(send));
  }
  async remove(_userId: string, id: string) {
    this.log.push(`remove ${id}`);
    this.sends.delete(id);
  }
}

test('[C5] a message is shown at once, and replaced by its event, never doubled', async () => {
  const { server, client, clock } = await liveWorld();
  const sent = client.chat('c1').send({ text: 'mine' });
  expect(texts(client)).toEqual(['mine']);
  expect(sent.state).toBe('queued');
  await clock.advance(0);
  expect(texts(client)).toEqual(['mine']);
  expect(client.chat('c1').getSnapshot().pending).toEqual([]);
  expect(server.model.now('c1').messages).toHaveLength(1);
  expect(sent.state).toBe('sent');
});

test('[C5] the answer without the event, and the event without the answer, show it once', async () => {
  const { server, client, clock } = await liveWorld();
  server.lose = () => true;
  client.chat('c1').send({ text: 'answered' });
  await settled();
  expect(texts(client)).toEqual(['answered']);
  await clock.advance(400);
  expect(client.chat('c1').getSnapshot()).toMatchObject({ pending: [], messages: [{ text: 'answered' }] });
  server.lose = () => false;
  server.answerNext('POST', '/messages', 'lose');
  client.chat('c1').send({ text: 'told' });
  await settled();
  expect(client.chat('c1').getSnapshot().pending).toEqual([]);
  await clock.advance(60_000);
  expect(texts(client)).toEqual(['answered', 'told']);
  expect(server.model.now('c1').messages).toHaveLength(2);
});

test('messages are sent in order, one at a time, tried again with the same id while the outcome is unknown', async () => {
  const { server, client, clock } = await liveWorld();
  for (const answer of [{ status: 503, retryAfterSeconds: 2 }, 'lose', { status: 429, code: 'rate_limited' }] as const) {
    server.answerNext('POST', '/messages', answer);
  }
  for (const text of ['one', 'two', 'three']) client.chat('c1').send({ text });
  expect(texts(client)).toEqual(['one', 'two', 'three']);
  await clock.advance(60_000);
  expect(server.model.now('c1').messages.map(({ text }) => text)).toEqual(['one', 'two', 'three']);
  expect(texts(client)).toEqual(['one', 'two', 'three']);
  const bodies = server.requests
    .filter(({ method, path }) => method === 'POST' && path.endsWith('/messages'))
    .map(({ body }) => JSON.stringify(body));
  // The event of the first one came, so that its lost answer is not missed; the 429 is for the second one.
  const [one, , two, , three] = bodies;
  expect(bodies).toEqual([one, one, two, two, three]);
  expect(new Set(bodies).size).toBe(3);
});

test('what the server refuses is failed, holds up nothing, and can be tried again or discarded', async () => {
  const { server, client, clock } = await liveWorld();
  server.answerNext('POST', '/messages', { status: 400, code: 'validation_failed' });
  server.answerNext('POST', '/messages', { status: 403, code: 'forbidden' });
  const first = client.chat('c1').send({ text: 'first' });
  const second = client.chat('c1').send({ text: 'second' });
  client.chat('c1').send({ text: 'third' });
  await clock.advance(0);
  expect(
    client
      .chat('c1')
      .getSnapshot()
      .pending.map(({ state, error }) => [state, error?.code]),
  ).toEqual([
    ['failed', 'validation_failed'],
    ['failed', 'forbidden'],
  ]);
  expect(texts(client)).toEqual(['third', 'first', 'second']);
  second.discard();
  first.retry();
  await clock.advance(0);
  expect(texts(client)).toEqual(['third', 'first']);
});

test('edits and deletions are shown at once, and taken back where they are refused', async () => {
  const { server, client, clock } = await liveWorld();
  const [one, two] = server.act((model) => [model.send('c1', 'me', 'a', 'one'), model.send('c1', 'me', 'b', 'two')]);
  client.chat('c1').edit(one.id, { text: 'edited' });
  client.chat('c1').delete(two.id);
  expect(texts(client)).toEqual(['edited', null]);
  await clock.advance(0);
  expect(texts(client)).toEqual(['edited', null]);
  expect(server.model.now('c1').messages.map(({ text }) => text)).toEqual(['edited', null]);
  server.answerNext('PATCH', one.id, { status: 403, code: 'forbidden' });
  client.chat('c1').edit(one.id, { text: 'again' });
  expect(texts(client)).toEqual(['again', null]);
  await clock.advance(0);
  expect(texts(client)).toEqual(['edited', null]);
});

test('a message is stored before its first attempt, survives a reload, and is sent once', async () => {
  const storage = new MemoryStorage();
  const first = world({ storage, userId: 'me' });
  await settled();
  for (let n = 0; n < 20; n += 1) first.server.answerNext('POST', '/messages', 'lose');
  const sent = first.client.chat('c1').send({ text: 'from before' });
  await settled();
  expect(storage.log).toEqual([`save ${sent.client_message_id}`]);
  expect(first.server.requests).toHaveLength(1);
  first.client.dispose();
  expect(first.server.model.now('c1').messages).toHaveLength(1);

  const second = world({ storage, userId: 'me' });
  await settled();
  expect(texts(second.client)).toEqual(['from before']);
  second.server.act((model) => model.send('c1', 'me', sent.client_message_id, 'from before'));
  second.client.chat('c1').subscribe(() => undefined);
  void second.client.connect();
  await second.clock.advance(5_000);
  expect(texts(second.client)).toEqual(['from before']);
  expect(second.server.model.now('c1').messages).toHaveLength(1);
  expect(storage.sends.size).toBe(0);
});

test('what waited longer than 7 days is not sent any more', async () => {
  const storage = new MemoryStorage();
  const operation = { kind: 'send', content: { type: 'text', text: 'long ago' } } as const;
  const { client, clock, server } = world({ storage });
  const old = { id: 'old', chatId: 'c1', createdAtMs: clock.nowMs() - 8 * 24 * 3_600_000, operation, state: { kind: 'queued' } } as const;
  storage.sends.set('old', old);
  void client.connect();
  await clock.advance(1_000);
  expect(server.model.now('c1').messages).toEqual([]);
  expect(storage.sends.size).toBe(0);
});

test('files are uploaded first; a failed upload is a failed message that can be tried again', async () => {
  let isBroken = true;
  const upload = async (file: unknown) => {
    if (isBroken) throw new Error('no room');
    return { type: 'image', file_url: `https://files.example/${String(file)}` } as const;
  };
  const { client, clock, server } = await liveWorld({ upload });
  const sent = client.chat('c1').send({ text: 'look', files: ['cat.png'] });
  await clock.advance(0);
  expect(sent.state).toBe('failed');
  isBroken = false;
  sent.retry();
  await clock.advance(0);
  const post = server.requests.findLast(({ method, path }) => method === 'POST' && path.endsWith('/messages'));
  expect(post?.body).toMatchObject({ text: 'look', attachments: [{ type: 'image', file_url: 'https://files.example/cat.png' }] });
});

test('no more than 500 operations wait', async () => {
  const { client } = world();
  for (let n = 0; n < 500; n += 1) client.chat('c1').send({ text: `${n}` });
  expect(() => client.chat('c1').send({ text: 'one too many' })).toThrow('500');
});

test('reading is shown at once and told once the connection is there', async () => {
  const { client, clock, server } = await liveWorld();
  server.act((model) => model.send('c1', 'ann', 'a', 'one'));
  expect(client.chat('c1').getSnapshot().chat?.unread_count).toBe(1);
  server.socket.cut();
  await clock.advance(0);
  client.chat('c1').markRead();
  expect(client.chat('c1').getSnapshot().chat?.unread_count).toBe(0);
  expect(server.model.now('c1').readMessageNo).toBe(0);
  await clock.advance(1_000);
  expect(server.model.now('c1').readMessageNo).toBe(1);
});

test('[C18] read positions are told one after the other, only the newest, and again until the server has it', async () => {
  const { server, client, clock, asked } = await liveWorld();
  server.act((model) => [1, 2, 3, 4].map((n) => model.send('c1', 'ann', `a${n}`, 'text')));
  server.answerNext('PUT', '/read', { status: 503, retryAfterSeconds: 2 });
  for (let n = 1; n <= 4; n += 1) client.chat('c1').markRead(n);
  await clock.advance(1_900);
  expect(asked('PUT')).toBe(1);
  await clock.advance(2_000);
  expect(asked('PUT')).toBeLessThanOrEqual(3);
  expect(server.model.now('c1').readMessageNo).toBe(4);
});

test('[C15] an edit that the server has answered is not sent again after a reload', async () => {
  const storage = new MemoryStorage();
  const { server, client, clock } = await liveWorld({ storage });
  const message = server.act((model) => model.send('c1', 'me', 'a', 'one'));
  client.chat('c1').edit(message.id, { text: 'mine' });
  // Its event comes before its answer.
  await settled();
  expect(texts(client)).toEqual(['mine']);
  expect(storage.sends.size).toBe(0);
  server.act((model) => model.edit('c1', 0, 'on another device'));
  expect(texts(client)).toEqual(['on another device']);
  await clock.advance(0);
});

test('[C15] what is discarded while it is stored is not sent', async () => {
  const storage = new MemoryStorage();
  const { server, client, clock } = await liveWorld({ storage });
  const sent = client.chat('c1').send({ text: 'not after all' });
  sent.discard();
  await clock.advance(1_000);
  expect(server.model.now('c1').messages).toEqual([]);
  expect(storage.sends.size).toBe(0);
});

test('[C5] a refusal that comes after the event changes nothing any more', async () => {
  const storage = new MemoryStorage();
  const { server, client, clock } = await liveWorld({ storage });
  server.answerNext('POST', '/messages', 'lose');
  server.lose = () => true;
  const sent = client.chat('c1').send({ text: 'there already' });
  await settled();
  server.answerNext('POST', '/messages', { status: 404 });
  const [event] = server.model.pushable('c1').slice(-1);
  const refused = clock.advance(1_000);
  server.lose = () => false;
  if (event !== undefined) server.push(event);
  await refused;
  expect([sent.state, texts(client), storage.sends.size]).toEqual(['sent', ['there already'], 0]);
});

test('[C15] the order in a chat survives a reload, also of what was written in one millisecond', async () => {
  const storage = new MemoryStorage();
  const first = world({ storage, userId: 'me' });
  await settled();
  for (const text of ['1', '2', '3']) {
    first.server.answerNext('POST', '/messages', { status: 400 });
    first.client.chat('c1').send({ text });
  }
  await settled();
  first.client.dispose();
  const reversed = { load: async () => [...storage.sends.values()].reverse(), save: async () => undefined, remove: async () => undefined };
  const second = world({ storage: reversed, userId: 'me' });
  await settled();
  expect(texts(second.client)).toEqual(['1', '2', '3']);
});

test('files without an upload are refused, not dropped', async () => {
  const { client } = await liveWorld();
  expect(() => client.chat('c1').send({ text: 'look', files: ['cat.png'] })).toThrow('upload');
});

test('a storage that does not answer is reported, and sending goes on', async () => {
  const silent = () => new Promise<never>(() => undefined);
  const { client, clock, errors, server } = await liveWorld({ storage: { load: silent, save: silent, remove: silent } });
  client.chat('c1').send({ text: 'anyway' });
  await clock.advance(30_000);
  expect(errors.length).toBeGreaterThan(0);
  expect(server.model.now('c1').messages.map(({ text }) => text)).toEqual(['anyway']);
});
