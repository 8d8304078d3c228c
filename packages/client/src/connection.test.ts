import { closeCodes, mayReconnect as mayReconnectByProtocol } from '@carillon/protocol';
import { expect, test } from 'vitest';
import { liveWorld, pass, texts, world } from './client.fixture.ts';
import { createClient } from './client.ts';
import { mayReconnect } from './connection.ts';

test('[C8] [P5] the range of a close code decides, as in the protocol', () => {
  for (let code = 1000; code < 5000; code += 1) expect(mayReconnect(code), `${code}`).toBe(mayReconnectByProtocol(code));
});

test('[C8] reconnects are spread over the whole doubling, capped interval', async () => {
  for (const [random, failures, delayMs] of [
    [0, 0, 0],
    [0.5, 0, 250],
    [0.5, 3, 2_000],
    [1, 10, 30_000],
  ] as const) {
    const { client, server, clock } = world({ random: () => random });
    for (let n = 0; n <= failures; n += 1) server.answerNext('POST', '/tickets', { status: 503 });
    void client.connect().catch(() => undefined);
    for (let n = 0; n < failures; n += 1) await clock.advance(Math.min(30_000, 500 * 2 ** n) * random);
    await clock.advance(0);
    const state = client.connection.getSnapshot();
    if (delayMs === 0) expect(client.status).toBe('live');
    else expect(state).toMatchObject({ kind: 'waiting', untilMs: clock.nowMs() + delayMs });
  }
});

test('[C8] Retry-After and an overloaded shard are waited for, also when the user looks', async () => {
  const { client, server, clock, wake, asked } = world({ random: () => 0 });
  server.answerNext('POST', '/tickets', { status: 503, retryAfterSeconds: 7 });
  void client.connect();
  await clock.advance(6_900);
  wake();
  await clock.advance(0);
  expect(asked('/v1/tickets')).toBe(1);
  await clock.advance(100);
  expect(client.status).toBe('live');
  server.socket.cut(closeCodes.overloaded.code);
  await clock.advance(4_900);
  expect(asked('/v1/tickets')).toBe(2);
  await clock.advance(100);
  expect(client.status).toBe('live');
});

test.each([4500, 4502, 4503, 4504, 4999, 1008, 1009])('[C8] after %i it stops until connect is called', async (code) => {
  const { client, server, clock, asked } = await liveWorld();
  server.socket.cut(code, 'why');
  await clock.advance(120_000);
  expect(client.connection.getSnapshot()).toEqual({ kind: 'closed', reason: { code, reason: 'why' } });
  expect(asked('/v1/tickets')).toBe(1);
  void client.connect();
  await clock.advance(0);
  expect(client.status).toBe('live');
});

test('[C8] the successor is opened when the server says, the old one is read until 5 s after its ready, then heads are checked', async () => {
  const { client, server, clock, asked } = await liveWorld();
  await clock.advance(2_000);
  const old = server.socket;
  old.push({ type: 'reconnect', reason: 'drain', url: 'ws://shard-1.test', ticket: 'successor', not_before_ms: 9_000 } as { type: string });
  await clock.advance(8_900);
  expect(server.sockets).toHaveLength(1);
  await clock.advance(100);
  const successor = server.socket;
  expect([successor.url, ...successor.protocols]).toEqual(['ws://shard-1.test/v1/ws', 'carillon.v1', 'ticket.successor']);
  const heads = asked('/v1/heads');
  await clock.advance(4_900);
  const sent = server.model.send('c1', 'ann', 'a', 'on the old one only');
  const event = server.model.pushable('c1')[sent.seq - 1];
  if (event !== undefined) old.push(event);
  expect(texts(client)).toEqual(['on the old one only']);
  expect([old.isOpen, asked('/v1/heads')]).toEqual([true, heads]);
  await clock.advance(200);
  expect([old.isOpen, asked('/v1/heads') - heads, asked('/v1/sync')]).toEqual([false, 1, 0]);
  expect(client.status).toBe('live');
});

test('[C8] a successor that cannot be reached leaves the old one serving; its end leads to a ticket of its own', async () => {
  const { client, server, clock, asked } = await liveWorld();
  const old = server.socket;
  server.isHolding = true;
  old.push({ type: 'reconnect', reason: 'age', url: 'ws://nowhere.test', ticket: 't', not_before_ms: 0 } as { type: string });
  await clock.advance(11_000);
  expect(client.status).toBe('live');
  server.act((model) => model.send('c1', 'ann', 'a', 'still here'));
  expect(texts(client)).toEqual(['still here']);
  server.isHolding = false;
  old.cut(4000);
  await clock.advance(1_000);
  expect(client.status).toBe('live');
  expect(asked('/v1/tickets')).toBe(2);
});

test('[C8] each attempt has a fresh ticket, and after the second failed one another shard', async () => {
  const { client, server, clock } = world();
  server.isHolding = true;
  void client.connect();
  await clock.advance(20_500);
  server.isHolding = false;
  await clock.advance(1_000);
  expect(client.status).toBe('live');
  const tickets = server.requests.filter(({ path }) => path === '/v1/tickets').map(({ body }) => body);
  expect(tickets).toEqual([undefined, undefined, { avoid_shard_id: 'shard-0' }]);
  expect(server.socket.protocols).toEqual(['carillon.v1', 'ticket.ticket-3']);
});

test('[C8] what the server advises is waited for, and the spread comes on top of it', async () => {
  const { client, server, clock } = world({ random: () => 0.5 });
  server.answerNext('POST', '/tickets', { status: 429, retryAfterSeconds: 7 });
  void client.connect();
  await clock.advance(0);
  expect(client.connection.getSnapshot()).toMatchObject({ kind: 'waiting', untilMs: clock.nowMs() + 7_250 });
  await clock.advance(7_250);
  server.socket.cut(1013);
  await clock.advance(0);
  expect(client.connection.getSnapshot()).toMatchObject({ kind: 'waiting', untilMs: clock.nowMs() + 5_500 });
});

test('[C8] an old connection that ends within the 5 s is checked for at once, and its state is not that of the successor', async () => {
  const { client, server, clock, asked } = await liveWorld();
  await clock.advance(2_000);
  const old = server.socket;
  server.ready = { shard_id: 'shard-1', degraded: true };
  old.push({ type: 'reconnect', reason: 'moved', url: 'ws://shard-1.test', ticket: 't', not_before_ms: 0 } as { type: string });
  await clock.advance(0);
  expect(client.connection.getSnapshot()).toEqual({ kind: 'live', shardId: 'shard-1', isDegraded: true });
  const [heads, syncs] = [asked('/v1/heads'), asked('/v1/sync')];
  old.push({ type: 'resync', reason: 'recovered' });
  old.cut(4003);
  await clock.advance(0);
  expect([asked('/v1/heads') - heads, asked('/v1/sync') - syncs]).toEqual([1, 1]);
  expect(client.connection.getSnapshot()).toMatchObject({ isDegraded: true });
  await clock.advance(16_000);
  expect(asked('/v1/heads') - heads).toBe(4);
});

test('[C8] a successor that is not degraded ends the degraded checks, with one sync', async () => {
  const live = world();
  live.server.ready = { degraded: true };
  void live.client.connect();
  await live.clock.advance(2_000);
  live.server.ready = {};
  live.server.push({ type: 'reconnect', reason: 'moved', url: 'ws://shard-1.test', ticket: 't', not_before_ms: 0 } as { type: string });
  await live.clock.advance(6_000);
  const heads = live.asked('/v1/heads');
  await pass(live, 25_000);
  expect([live.asked('/v1/sync'), live.asked('/v1/heads') - heads]).toEqual([1, 0]);
});

test('[C8] a socket that cannot even be made is an attempt that failed', async () => {
  const { server } = world();
  let isBroken = true;
  class Broken extends server.WebSocket {
    constructor(url: string, protocols: string[]) {
      if (isBroken) throw new SyntaxError('the URL is wrong');
      super(url, protocols);
    }
  }
  const { client, clock } = world({ WebSocket: Broken, fetch: server.fetch });
  void client.connect();
  await clock.advance(0);
  expect(client.connection.getSnapshot()).toMatchObject({ kind: 'waiting' });
  isBroken = false;
  await clock.advance(1_000);
  expect(client.status).toBe('live');
});

test('[C8] the number of failures is forgotten after 60 s, not before', async () => {
  for (const [livedMs, untilMs] of [
    [59_000, 500],
    [61_000, 250],
  ] as const) {
    const { client, server, clock } = world();
    server.answerNext('POST', '/tickets', { status: 503 });
    void client.connect();
    await clock.advance(250);
    expect(client.status).toBe('live');
    for (let ms = 0; ms < livedMs; ms += 1_000) {
      server.heartbeat();
      await clock.advance(1_000);
    }
    server.socket.cut();
    await clock.advance(0);
    expect(client.connection.getSnapshot()).toMatchObject({ kind: 'waiting', untilMs: clock.nowMs() + untilMs });
  }
});

test('a connection that is silent for two heartbeats is given up', async () => {
  const { client, server, clock } = await liveWorld();
  const { socket } = server;
  await clock.advance(39_000);
  server.heartbeat();
  await clock.advance(40_000);
  expect(client.status).toBe('live');
  await clock.advance(1_000);
  expect(socket.isOpen).toBe(false);
  await clock.advance(250);
  expect(client.status).toBe('live');
});

test('when the network is back, or the user looks, a waiting client tries at once and a live one is probed', async () => {
  const { client, server, clock, wake } = await liveWorld();
  for (let n = 0; n < 6; n += 1) server.answerNext('POST', '/tickets', { status: 500 });
  server.socket.cut();
  await clock.advance(8_000);
  expect(client.connection.getSnapshot().kind).toBe('waiting');
  for (let n = 0; n < 6 && client.status !== 'live'; n += 1) {
    wake();
    await clock.advance(0);
  }
  expect(client.status).toBe('live');
  const { socket } = server;
  wake();
  await clock.advance(6_000);
  expect(socket.isOpen).toBe(false);
});

test('[C14] the credential is renewed on the same connection before it ends, with a ticket that a fresh token bought', async () => {
  const asked: boolean[] = [];
  const getToken = ({ isRefused }: { isRefused: boolean }) => {
    asked.push(isRefused);
    return `token-${asked.length}`;
  };
  const live = world({ getToken });
  const { server, clock, client } = live;
  server.ready = { expires_at: new Date(clock.nowMs() + 600_000).toISOString() };
  void client.connect();
  await pass(live, 545_000);
  expect(server.socket.received.filter(({ type }) => type === 'auth')).toEqual([{ type: 'auth', token: 'ticket-2' }]);
  expect(server.sockets).toHaveLength(1);
  expect(asked).toEqual([false, true]);
});

test('[C14] after 4001 the next ticket is bought with a fresh token', async () => {
  const asked: boolean[] = [];
  const { server, clock, client } = world({ getToken: ({ isRefused }) => String(asked.push(isRefused)) });
  void client.connect();
  await clock.advance(0);
  server.socket.cut(closeCodes.credential_expired.code);
  await clock.advance(1_000);
  expect(client.status).toBe('live');
  server.socket.cut();
  await clock.advance(1_000);
  expect(asked).toEqual([false, true]);
});

test.each(['getToken', 'getTicket'])('[C14] %s that never answers is asked again', async (name) => {
  let isSilent = true;
  const silent = () => new Promise<never>(() => undefined);
  const ticket = { ticket: 't', url: 'ws://shard-0.test', shard_id: 'shard-0', expires_at: '' };
  const { clock, client } = world({
    ...(name === 'getToken' && { getToken: () => (isSilent ? silent() : 'token') }),
    ...(name === 'getTicket' && { getTicket: () => (isSilent ? silent() : Promise.resolve(ticket)) }),
  });
  void client.connect();
  await clock.advance(10_000);
  expect(client.connection.getSnapshot().kind).toBe('waiting');
  isSilent = false;
  await clock.advance(1_000);
  expect(client.status).toBe('live');
});

test('[C16] one client is one user: a token of another one ends it, and nothing is sent as them', async () => {
  const { server, clock, client, asked } = world({ userId: 'you' });
  const connected = client.connect();
  const refused = expect(connected).rejects.toThrow('another_user');
  await clock.advance(0);
  await refused;
  expect(server.sockets.map(({ isOpen }) => isOpen)).toEqual([false]);
  expect(asked('/v1/chats')).toBe(0);
});

test('where there is no WebSocket a client can be made and rendered, but not connected', async () => {
  const { WebSocket } = globalThis;
  Reflect.deleteProperty(globalThis, 'WebSocket');
  try {
    const client = createClient({ apiUrl: '', getToken: () => '' });
    expect(client.overview.getSnapshot().chats).toEqual([]);
    await expect(client.connect()).rejects.toThrow('no WebSocket');
  } finally {
    if (WebSocket !== undefined) Object.assign(globalThis, { WebSocket });
  }
});

test('a refused token is fetched anew, once', async () => {
  const asked: boolean[] = [];
  const getToken = ({ isRefused }: { isRefused: boolean }) => {
    asked.push(isRefused);
    return `token-${asked.length}`;
  };
  const { client, server, clock } = world({ getToken });
  server.answerNext('POST', '/tickets', { status: 401, code: 'token_expired' });
  void client.connect();
  await clock.advance(0);
  expect(client.status).toBe('live');
  expect(asked).toEqual([false, true]);
});

test('closed while a ticket or a successor is on its way, it opens nothing and leaves nothing open', async () => {
  let answer: () => void = () => undefined;
  const ticket = { ticket: 't', url: 'ws://shard-0.test', shard_id: 'shard-0', expires_at: '' };
  const getTicket = () =>
    new Promise<typeof ticket>((resolve) => {
      answer = () => resolve(ticket);
    });
  const slow = world({ getTicket });
  void slow.client.connect().catch(() => undefined);
  await slow.clock.advance(0);
  slow.client.close();
  answer();
  await slow.clock.advance(0);
  expect(slow.server.sockets).toEqual([]);
  const { client, server, clock } = await liveWorld();
  server.isHolding = true;
  server.push({ type: 'reconnect', reason: 'age', url: 'ws://shard-1.test', ticket: 't', not_before_ms: 0 });
  await clock.advance(0);
  expect(server.sockets.map(({ isOpen }) => isOpen)).toEqual([true, true]);
  client.close();
  expect(server.sockets.map(({ isOpen }) => isOpen)).toEqual([false, false]);
});
