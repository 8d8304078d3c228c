import { expect, test, vi } from 'vitest';
import { liveWorld, pass, texts, world } from './client.fixture.ts';
import { settled } from './testing/manual-clock.ts';

test('[C2] snapshots are asked for after ready; what was pushed meanwhile is merged, once', async () => {
  const { server, client, clock } = world();
  server.isHolding = true;
  client.chat('c1').subscribe(() => undefined);
  const connected = client.connect();
  await clock.advance(0);
  expect(server.requests.map(({ path }) => path)).toEqual(['/v1/tickets']);
  server.release();
  server.act((model) => model.send('c1', 'ann', 'a', 'before the snapshot'));
  await connected;
  await clock.advance(0);
  server.act((model) => model.send('c1', 'ann', 'b', 'after it'));
  expect(texts(client)).toEqual(['before the snapshot', 'after it']);
  expect(client.status).toBe('live');
  expect(client.chat('c1').getSnapshot().status).toBe('live');
});

test('[C3] a hole is filled by one delta; later events wait, and nothing beyond it is shown', async () => {
  const { server, client, clock, asked } = await liveWorld();
  server.lose = (frame) => frame.type === 'event' && frame.seq === 2;
  server.act((model) => model.send('c1', 'ann', 'a', 'one'));
  server.act((model) => model.send('c1', 'ann', 'b', 'two'));
  server.act((model) => model.send('c1', 'ann', 'c', 'three'));
  expect(texts(client)).toEqual([]);
  expect(client.chat('c1').getSnapshot().status).toBe('catching_up');
  await clock.advance(300);
  expect(texts(client)).toEqual(['one', 'two', 'three']);
  expect(asked('/events')).toBe(1);
  expect(client.chat('c1').getSnapshot().status).toBe('live');
});

test('[C3] a hole that closes by itself asks for nothing', async () => {
  const { server, client, clock, asked } = await liveWorld();
  const events = [1, 2]
    .map((n) => server.model.send('c1', 'ann', `a${n}`, `text ${n}`))
    .map(({ seq }) => server.model.pushable('c1')[seq - 1]);
  for (const event of events.reverse()) if (event !== undefined) server.push(event);
  await clock.advance(1_000);
  expect(texts(client)).toEqual(['text 1', 'text 2']);
  expect(asked('/events')).toBe(0);
});

test('[C6] a lost last frame is noticed by the next heartbeat', async () => {
  const { server, client, clock, asked } = await liveWorld();
  server.lose = () => true;
  server.act((model) => model.send('c1', 'ann', 'a', 'lost'));
  await clock.advance(100);
  expect(texts(client)).toEqual([]);
  server.lose = () => false;
  server.heartbeat();
  await clock.advance(0);
  expect(asked('GET /v1/sync')).toBe(1);
  expect(texts(client)).toEqual(['lost']);
  server.heartbeat();
  await clock.advance(0);
  expect(asked('GET /v1/sync')).toBe(1);
});

test('[C6] a new connection counts from nought, and unknown frames count', async () => {
  const { server, clock, asked } = await liveWorld();
  server.act((model) => model.send('c1', 'ann', 'a', 'one'));
  server.socket.cut();
  await clock.advance(1_000);
  const before = asked('GET /v1/sync');
  server.push({ type: 'of a newer server' });
  server.heartbeat();
  await clock.advance(0);
  expect(asked('GET /v1/sync')).toBe(before);
});

test('[P3] unknown frames, fields and broken text change nothing', async () => {
  const { server, client, clock } = await liveWorld();
  server.push({ type: 'typing', chat_id: 'c1' } as { type: string });
  const sent = server.act((model) => model.send('c1', 'ann', 'a', 'one'));
  server.push({ ...server.model.pushable('c1')[sent.seq - 1], extra: 1 } as unknown as { type: string });
  await clock.advance(0);
  expect(texts(client)).toEqual(['one']);
  expect(client.status).toBe('live');
});

test('[C7] the heads check finds what was never pushed: every minute or so, on focus, after a reconnect', async () => {
  const { server, client, clock, wake } = await liveWorld();
  server.lose = () => true;
  server.act((model) => model.send('c1', 'ann', 'a', 'by the timer'));
  await clock.advance(62_000);
  expect(texts(client)).toEqual(['by the timer']);
  server.act((model) => model.send('c1', 'ann', 'b', 'by the focus'));
  wake();
  await clock.advance(400);
  expect(texts(client)).toEqual(['by the timer', 'by the focus']);
});

test('[C7] the time between two heads checks is 60 s ± 50 %', async () => {
  for (const [random, atLeastMs, atMostMs] of [
    [0, 29_000, 31_000],
    [0.999, 89_000, 93_000],
  ] as const) {
    const live = await liveWorld({ random: () => random });
    await pass(live, 2_500);
    expect(live.asked('/v1/heads')).toBe(1);
    await pass(live, atLeastMs - 2_500);
    expect(live.asked('/v1/heads')).toBe(1);
    await pass(live, atMostMs - atLeastMs);
    expect(live.asked('/v1/heads')).toBe(2);
  }
});

test('[C13] a read position moved elsewhere is found, though sync ran in between', async () => {
  const { server, client, clock } = await liveWorld();
  server.act((model) => model.send('c1', 'ann', 'a', 'one'));
  await clock.advance(2_000);
  expect(client.overview.getSnapshot().chats[0]?.unread_count).toBe(1);
  server.act((model) => model.read('c1', 1));
  server.push({ type: 'resync', reason: 'gap' } as { type: string });
  await clock.advance(65_000);
  expect(client.overview.getSnapshot().chats[0]?.unread_count).toBe(0);
});

test('[C9] an event of an unknown chat loads it; a 404 that sync does not explain lets a chat go', async () => {
  const { server, client, clock, asked } = await liveWorld();
  server.act((model) => model.createChat('c2', ['ann']));
  await clock.advance(0);
  expect(client.overview.getSnapshot().chats.map(({ id }) => id)).toEqual(['c2', 'c1']);
  server.answerNext('GET', '/v1/chats/c9', { status: 404 });
  server.push({ type: 'watermark', chat_id: 'c9', seq: 4 } as { type: string });
  await clock.advance(5_000);
  expect(asked('GET /v1/sync')).toBe(1);
  expect(asked('GET /v1/chats/c9')).toBe(1);
  expect(client.overview.getSnapshot().chats.map(({ id }) => id)).toEqual(['c2', 'c1']);
});

test('[C9] [C10] an ending behind a hole is found by the heads check, told by sync', async () => {
  const { server, client, clock } = await liveWorld();
  server.lose = () => true;
  server.act((model) => model.send('c1', 'ann', 'a', 'the last'));
  server.act((model) => model.remove('c1', 'me'));
  await clock.advance(70_000);
  expect(texts(client)).toEqual(['the last']);
  expect(client.chat('c1').getSnapshot().ended).toBe('removed');
  expect(client.overview.getSnapshot().chats).toEqual([]);
});

test('[C12] degraded means no sync, but heads every 5 s ± 50 % until recovered', async () => {
  const live = await liveWorld();
  const { server, clock, asked, client } = live;
  await clock.advance(2_000);
  const [heads, syncs] = [asked('/v1/heads'), asked('/v1/sync')];
  server.push({ type: 'resync', reason: 'degraded' } as { type: string });
  await pass(live, 52_000);
  expect(asked('/v1/heads') - heads).toBe(10);
  expect(asked('/v1/sync') - syncs).toBe(0);
  expect(client.connection.getSnapshot()).toMatchObject({ kind: 'live', isDegraded: true });
  server.push({ type: 'resync', reason: 'recovered' } as { type: string });
  await clock.advance(0);
  expect(asked('/v1/sync') - syncs).toBe(1);
  await pass(live, 40_000);
  expect(asked('/v1/heads') - heads).toBe(11);
});

test('a reconnect that could not be resumed syncs, a resumed one does not', async () => {
  const { server, client, clock, asked } = await liveWorld();
  server.heartbeat('42.1700');
  server.socket.cut();
  await clock.advance(0);
  server.act((model) => model.send('c1', 'ann', 'a', 'missed'));
  expect(client.status).toMatchObject({ stale: {} });
  await clock.advance(1_000);
  expect(asked('/v1/sync')).toBe(1);
  expect(texts(client)).toEqual(['missed']);
  expect(server.socket.url).toBe('ws://shard-0.test/v1/ws?resume=42.1700');
  server.ready = { resumed: true };
  server.socket.cut();
  await clock.advance(1_000);
  expect(asked('/v1/sync')).toBe(1);
  expect(client.stats()).toMatchObject({ connects: 3, resumes: 1, lastCloseCode: 1006 });
});

test('a sync that was cut short is made up for, though the next connection is resumed', async () => {
  const { server, client, clock } = await liveWorld();
  server.socket.cut();
  await clock.advance(0);
  server.act((model) => model.send('c1', 'ann', 'a', 'missed'));
  server.answerNext('GET', '/v1/sync', { status: 503, retryAfterSeconds: 5 });
  await clock.advance(1_000);
  expect(client.status).toBe('catching_up');
  server.ready = { resumed: true };
  server.socket.cut();
  await clock.advance(2_000);
  expect(texts(client)).toEqual(['missed']);
  expect(client.status).toBe('live');
});

test('what was asked for when the connection was lost is asked for again, though the next one is resumed', async () => {
  const { server, client, clock } = world();
  void client.connect();
  await clock.advance(0);
  server.answerNext('GET', '/messages', { status: 503, retryAfterSeconds: 60 });
  client.chat('c1').subscribe(() => undefined);
  await clock.advance(0);
  expect(client.chat('c1').getSnapshot().isLoaded).toBe(false);
  server.ready = { resumed: true };
  server.socket.cut();
  await clock.advance(1_000);
  expect(client.chat('c1').getSnapshot()).toMatchObject({ isLoaded: true, status: 'live' });
});

test('too_long reloads; what is shown stays until the new snapshots come', async () => {
  const { server, client, clock } = await liveWorld();
  server.act((model) => model.send('c1', 'ann', 'a', 'one'));
  server.socket.cut();
  await clock.advance(0);
  server.act((model) => model.send('c1', 'ann', 'b', 'two'));
  const fetch = vi.spyOn(server.model, 'sync').mockReturnValueOnce({ events: [], next: Number.NaN });
  await clock.advance(1_000);
  fetch.mockRestore();
  server.push({ type: 'resync', reason: 'gap' } as { type: string });
  expect(texts(client)).toEqual(['one']);
  await clock.advance(3_000);
  expect(texts(client)).toEqual(['one', 'two']);
  expect(client.status).toBe('live');
});

test.each(['sync', 'heads'])('a cursor of %s that the server cannot read is one that is too old', async (route) => {
  const { server, client, clock, asked } = await liveWorld();
  await clock.advance(2_000);
  server.lose = () => true;
  server.act((model) => model.send('c1', 'ann', 'a', 'missed'));
  server.lose = () => false;
  server.answerNext('GET', `/v1/${route}`, { status: 400, code: 'invalid_cursor' });
  if (route === 'sync') server.push({ type: 'resync', reason: 'gap' });
  else client.checkHeads();
  await clock.advance(2_000);
  expect(texts(client)).toEqual(['missed']);
  expect(client.status).toBe('live');
  expect(asked('GET /v1/chats')).toBeGreaterThan(2);
});

test('[C17] when the network is back, what waits for another attempt tries at once, but not before the server allows it', async () => {
  const { server, client, clock, wake, asked } = await liveWorld({ random: () => 0.9 });
  for (let n = 0; n < 6; n += 1) server.answerNext('GET', '/v1/sync', { status: 500 });
  server.push({ type: 'resync', reason: 'gap' });
  await clock.advance(0);
  for (let n = 1; n < 7; n += 1) {
    expect(asked('/v1/sync')).toBe(n);
    wake();
    await clock.advance(0);
  }
  server.answerNext('POST', '/messages', { status: 429, retryAfterSeconds: 8 });
  client.chat('c1').send({ text: 'patient' });
  await clock.advance(7_900);
  wake();
  await clock.advance(0);
  expect(asked('POST /v1/chats/c1/messages')).toBe(1);
  await clock.advance(100);
  wake();
  await clock.advance(0);
  expect(texts(client)).toEqual(['patient']);
});

test('a wish for a sync that comes while one ends is met, in whichever microtask', async () => {
  for (let turns = 0; turns < 60; turns += 1) {
    const { server, clock, asked } = await liveWorld();
    server.push({ type: 'resync', reason: 'gap' });
    for (let turn = 0; turn < turns; turn += 1) await Promise.resolve();
    server.push({ type: 'resync', reason: 'gap' });
    await clock.advance(0);
    expect(asked('/v1/sync'), `after ${turns} microtasks`).toBe(2);
  }
});

test('many chats with holes are one sync', async () => {
  const { server, client, clock, asked } = await liveWorld();
  const ids = [...Array(12).keys()].map((n) => `many-${n}`);
  for (const id of ids) server.act((model) => model.createChat(id, ['ann']));
  await clock.advance(2_000);
  for (const id of ids) server.model.send(id, 'ann', 'a', `hello ${id}`);
  for (const id of ids) server.push({ type: 'watermark', chat_id: id, seq: 2 } as { type: string });
  await clock.advance(2_000);
  expect(asked('/v1/sync')).toBe(1);
  expect(asked('/events')).toBe(0);
  expect(client.overview.getSnapshot().chats.filter((chat) => chat.last_message === null)).toHaveLength(1);
});

test('history is loaded backwards, one page at a time', async () => {
  const { server, client, clock } = world();
  server.act((model) => [...Array(120).keys()].map((n) => model.send('c1', 'ann', `a${n}`, `text ${n}`)));
  client.chat('c1').subscribe(() => undefined);
  void client.connect();
  await clock.advance(0);
  expect(client.chat('c1').getSnapshot()).toMatchObject({ hasOlder: true, isLoaded: true });
  await client.chat('c1').loadOlder({ limit: 50 });
  await Promise.all([client.chat('c1').loadOlder(), client.chat('c1').loadOlder()]);
  expect(texts(client)).toEqual([...Array(120).keys()].map((n) => `text ${n}`));
  expect(client.chat('c1').getSnapshot().hasOlder).toBe(false);
});

test('members are followed while they are looked at', async () => {
  const { server, client, clock } = await liveWorld();
  const { members } = client.chat('c1');
  members.subscribe(() => undefined);
  await clock.advance(0);
  server.act((model) => model.add('c1', 'zoe'));
  server.act((model) => model.remove('c1', 'ann'));
  expect(members.getSnapshot().members.map((member) => member.user_id)).toEqual(['bob', 'me', 'zoe']);
});

test('an untouched chat keeps its reference, and listeners are told once per microtask', async () => {
  const { server, client, clock } = await liveWorld();
  server.act((model) => model.createChat('c2', ['ann']));
  await clock.advance(0);
  const before = client.overview.getSnapshot();
  const c1 = client.chat('c1').getSnapshot();
  let told = 0;
  client.overview.subscribe(() => {
    told += 1;
  });
  for (let n = 0; n < 5; n += 1) server.act((model) => model.send('c2', 'ann', `a${n}`, 'x'));
  await settled();
  expect(told).toBe(1);
  const after = client.overview.getSnapshot();
  expect(after).not.toBe(before);
  expect(client.overview.getSnapshot()).toBe(after);
  expect(after.chats.find(({ id }) => id === 'c1')).toBe(before.chats.find(({ id }) => id === 'c1'));
  expect(client.chat('c1').getSnapshot()).toBe(c1);
});

test('who stopped listening is not told any more, not even what was due', async () => {
  const { server, client } = await liveWorld();
  const told = vi.fn();
  const stop = client.chat('c1').subscribe(told);
  server.act((model) => model.send('c1', 'ann', 'a', 'one'));
  stop();
  await settled();
  expect(told).not.toHaveBeenCalled();
});

test('a hole in one line makes the list catch up', async () => {
  const { server, client, clock } = await liveWorld();
  expect(client.overview.getSnapshot().status).toBe('live');
  server.push({ type: 'watermark', chat_id: 'c1', seq: 2 });
  expect(client.overview.getSnapshot().status).toBe('catching_up');
  server.model.send('c1', 'ann', 'a', 'withheld');
  await clock.advance(400);
  expect(client.overview.getSnapshot()).toMatchObject({ status: 'live', chats: [{ last_message: { text: 'withheld' } }] });
});

test('a listener that throws is reported, and the others are told', async () => {
  const { server, client, errors } = await liveWorld();
  const told = vi.fn();
  client.chat('c1').subscribe(() => {
    throw new Error('the app is wrong');
  });
  client.chat('c1').subscribe(told);
  server.act((model) => model.send('c1', 'ann', 'a', 'one'));
  await settled();
  expect(told).toHaveBeenCalledOnce();
  expect(errors).toEqual([new Error('the app is wrong')]);
});

test('connect can be given up, and a refused token ends it', async () => {
  const { client, server, clock } = world();
  server.isHolding = true;
  const gone = client.connect({ signal: AbortSignal.abort(new Error('not now')) });
  await expect(gone).rejects.toThrow('not now');
  for (let n = 0; n < 2; n += 1) server.answerNext('POST', '/tickets', { status: 401, code: 'unauthenticated' });
  const refused = client.connect().catch((error: unknown) => error);
  await clock.advance(0);
  expect(await refused).toEqual(new Error('closed: "unauthenticated"'));
  expect(client.connection.getSnapshot()).toEqual({ kind: 'closed', reason: 'unauthenticated' });
});
