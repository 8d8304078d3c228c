import { closeCodes, mayReconnect as mayReconnectByProtocol } from '@carillon/protocol';
import { expect, test } from 'vitest';
import { liveWorld, texts, world } from './client.fixture.ts';
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

test('[C8] each attempt has a fresh ticket, and after a failed one another shard', async () => {
  const { client, server, clock } = world();
  server.isHolding = true;
  void client.connect();
  await clock.advance(10_100);
  server.isHolding = false;
  await clock.advance(1_000);
  expect(client.status).toBe('live');
  const tickets = server.requests.filter(({ path }) => path === '/v1/tickets').map(({ body }) => body);
  expect(tickets).toEqual([undefined, { avoid_shard_id: 'shard-0' }]);
  expect(server.socket.protocols).toEqual(['carillon.v1', 'ticket.ticket-2']);
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

test('the credential is renewed on the same connection before it ends', async () => {
  const { server, clock, client } = world();
  server.ready = { expires_at: new Date(clock.nowMs() + 600_000).toISOString() };
  void client.connect();
  for (let ms = 0; ms < 545_000; ms += 15_000) {
    await clock.advance(15_000);
    server.heartbeat();
  }
  expect(server.socket.received.filter(({ type }) => type === 'auth')).toEqual([{ type: 'auth', token: 'ticket-2' }]);
  expect(server.sockets).toHaveLength(1);
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
