import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { connect } from 'node:net';
import { DevTokens, Tickets } from '@carillon/auth';
import { readyFrameSchema } from '@carillon/protocol';
import { systemClock } from '@carillon/runtime';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { jwtSecret, metric, ShardCluster, ticketSecret } from './shard-cluster.fixture.ts';

let cluster: ShardCluster;
beforeEach(() => {
  cluster = new ShardCluster();
});
afterEach(() => cluster[Symbol.asyncDispose]());

const offer = (credential: string) => ({ protocols: ['carillon.v1', credential] });
const clockAt = (shiftMs: number) => ({ ...systemClock, nowMs: () => systemClock.nowMs() + shiftMs });

describe('a good credential', () => {
  test('[P1][P2] in a ticket: carillon.v1 alone is echoed, ready is the first frame', async () => {
    const shard = await cluster.start();
    const client = cluster.dial(shard.url, offer(`ticket.${await cluster.ticket('alice', 600_000)}`));
    const ready = readyFrameSchema.parse(await client.next('ready'));
    expect(client.socket.protocol).toBe('carillon.v1');
    expect(client.frames[0]?.type).toBe('ready');
    expect(ready).toMatchObject({ user_id: 'alice', shard_id: shard.id, heartbeat_ms: 60_000, resumed: false, degraded: false });
    expect(Date.parse(ready.expires_at)).toBeGreaterThan(Date.now() + 500_000);
  });

  test('[P1] is found in any order of the subprotocols, beside versions that we do not speak', async () => {
    const shard = await cluster.start();
    const client = cluster.dial(shard.url, {
      protocols: ['other', `ticket.${await cluster.ticket('alice')}`, 'carillon.v2', 'carillon.v1'],
    });
    await client.next('ready');
    expect(client.socket.protocol).toBe('carillon.v1');
  });

  test('in the query, with and without a subprotocol', async () => {
    const shard = await cluster.start();
    const query = `ticket=${await cluster.ticket('alice')}`;
    expect(await cluster.dial(shard.url, { query }).next('ready')).toMatchObject({ user_id: 'alice' });
    const other = cluster.dial(shard.url, { query, protocols: ['carillon.v1'] });
    await other.next('ready');
    expect(other.socket.protocol).toBe('carillon.v1');
  });

  test('in a JWT', async () => {
    const shard = await cluster.start();
    const { token } = await new DevTokens({ secret: jwtSecret }, systemClock).issue('bob', 60);
    expect(await cluster.dial(shard.url, offer(`bearer.${token}`)).next('ready')).toMatchObject({ user_id: 'bob' });
  });

  test('[R9][R2] in one ticket presented many times, at any shard', async () => {
    const shards = [await cluster.start(), await cluster.start()];
    const ticket = await cluster.ticket('alice');
    for (const shard of [...shards, ...shards]) {
      expect(await cluster.dial(shard.url, offer(`ticket.${ticket}`)).next('ready')).toMatchObject({ shard_id: shard.id, degraded: false });
    }
  });

  test.each(['/some/path/v1/ws', '/v1/ws'])('at the path %s', async (path) => {
    const shard = await cluster.start();
    const client = cluster.dial(shard.url, { path, ...offer(`ticket.${await cluster.ticket('alice')}`) });
    await client.next('ready');
  });

  test.each(['', '.', '3', '3.17.1700000000000', '-1.5', '1e3.1', '%00', '%', '9'.repeat(9_000), '17.1700000000000'])(
    '[R6] with a pos that says nothing to this shard, as %s: ready is not resumed, and nothing else happens',
    async (pos) => {
      const shard = await cluster.start();
      const client = cluster.dial(shard.url, {
        query: `resume=${pos.slice(0, 3_000)}`,
        ...offer(`ticket.${await cluster.ticket('alice')}`),
      });
      expect(await client.next('ready')).toMatchObject({ resumed: false });
      expect(await metric(shard, 'carillon_ws_resumes_total', 'outcome="unknown"')).toBe(1);
    },
  );
});

describe('a bad credential is accepted, then closed, so that a browser sees why', () => {
  const forged = (payload: object, secret: string, header = '{"alg":"HS256"}') => {
    const input = `${Buffer.from(header).toString('base64url')}.${Buffer.from(JSON.stringify(payload)).toString('base64url')}`;
    return `${input}.${createHmac('sha256', secret).update(input).digest('base64url')}`;
  };
  const now = Math.floor(Date.now() / 1000);
  const ticketClaims = { sub: 'alice', aud: 'ws', exp: now + 60, session_exp: now + 600 };
  const tokenClaims = { sub: 'alice', exp: now + 600 };

  test.each<[string, string[]]>([
    ['none', ['carillon.v1']],
    ['an empty ticket', ['carillon.v1', 'ticket.']],
    ['garbage', ['carillon.v1', 'ticket.garbage']],
    ['a ticket by another secret', ['carillon.v1', `ticket.${forged(ticketClaims, jwtSecret)}`]],
    ['a ticket for another audience', ['carillon.v1', `ticket.${forged({ ...ticketClaims, aud: 'api' }, ticketSecret)}`]],
    ['a ticket without session', ['carillon.v1', `ticket.${forged({ ...ticketClaims, session_exp: undefined }, ticketSecret)}`]],
    ['an unsigned ticket', ['carillon.v1', `ticket.${forged(ticketClaims, '', '{"alg":"none"}')}`]],
    ['a JWT as a ticket', ['carillon.v1', `ticket.${forged(tokenClaims, jwtSecret)}`]],
    ['a ticket as a JWT', ['carillon.v1', `bearer.${forged(ticketClaims, ticketSecret)}`]],
    ['an unsigned JWT', ['carillon.v1', `bearer.${forged(tokenClaims, '', '{"alg":"none"}')}`]],
    ['a JWT by another secret', ['carillon.v1', `bearer.${forged(tokenClaims, ticketSecret)}`]],
    ['an expired JWT by another secret', ['carillon.v1', `bearer.${forged({ ...tokenClaims, exp: now - 9 }, ticketSecret)}`]],
  ])('[S2][P5] %s: 4500', async (_, protocols) => {
    const shard = await cluster.start();
    const client = cluster.dial(shard.url, { protocols });
    expect(await client.closeCode()).toBe(4500);
    expect(client.socket.protocol).toBe('carillon.v1');
    expect(client.closed?.reason).toBe('invalid_credential');
    expect(client.frames).toEqual([]);
  });

  test('[S2] an empty ticket in the query: 4500', async () => {
    const shard = await cluster.start();
    expect(await cluster.dial(shard.url, { query: 'ticket=' }).closeCode()).toBe(4500);
  });

  test('[P8] a JWT whose keys cannot be asked for: 4004, the client may come back; a ticket is taken meanwhile', async () => {
    const shard = await cluster.start({ AUTH_JWT_SECRET: '', AUTH_JWKS_URL: 'http://127.0.0.1:1/jwks.json' });
    const token = forged(tokenClaims, jwtSecret, '{"alg":"EdDSA","kid":"a"}');
    const client = cluster.dial(shard.url, offer(`bearer.${token}`));
    expect([await client.closeCode(), client.closed?.reason]).toEqual([4004, 'overloaded']);
    await cluster.connect(shard, 'bob');
  });

  test('[S2] expired: 4001, be it the ticket, its session, or the JWT', async () => {
    const shard = await cluster.start();
    const old = new Tickets(ticketSecret, clockAt(-120_000));
    const grant = { userId: 'alice', sessionExpiresAtMs: Date.now() + 600_000, lifetimeMs: 60_000 };
    const tickets = [old.issue(grant), old.issue({ ...grant, lifetimeMs: 600_000, sessionExpiresAtMs: Date.now() - 1_000 })];
    for (const { ticket } of tickets) expect(await cluster.dial(shard.url, offer(`ticket.${ticket}`)).closeCode()).toBe(4001);
    const { token } = await new DevTokens({ secret: jwtSecret }, clockAt(-120_000)).issue('bob', 60);
    expect(await cluster.dial(shard.url, offer(`bearer.${token}`)).closeCode()).toBe(4001);
  });

  test('[P1] no version that we speak: the first offered is echoed, then 4502, whatever the ticket', async () => {
    const shard = await cluster.start();
    const ticket = `ticket.${await cluster.ticket('alice')}`;
    const client = cluster.dial(shard.url, { protocols: ['carillon.v9', 'carillon.v8', ticket] });
    expect(await client.closeCode()).toBe(4502);
    expect(client.socket.protocol).toBe('carillon.v9');
    expect(client.frames).toEqual([]);
  });
});

describe('a refused upgrade', () => {
  test('400 without any carillon subprotocol', async () => {
    const shard = await cluster.start();
    expect(await cluster.dial(shard.url).status()).toBe(400);
    expect(await cluster.dial(shard.url, { protocols: [`ticket.${await cluster.ticket('alice')}`] }).status()).toBe(400);
  });

  test.each(['/', '/v1/wsx', '/v1/ws/', '/v1'])('404 at the path %s', async (path) => {
    const shard = await cluster.start();
    expect(await cluster.dial(shard.url, { path, protocols: ['carillon.v1'] }).status()).toBe(404);
  });

  test('426 for a request that is no upgrade', async () => {
    const shard = await cluster.start();
    const answer = await fetch(`${shard.url.replace('ws:', 'http:')}/v1/ws`);
    expect([answer.status, answer.headers.get('upgrade')]).toEqual([426, 'websocket']);
  });

  test('[P1] 426 for another version of WebSocket, with the one that is spoken', async () => {
    const shard = await cluster.start();
    const client = cluster.dial(shard.url, { protocols: ['carillon.v1'], version: 8 });
    expect(await client.status()).toBe(426);
    expect(client.refused?.headers['sec-websocket-version']).toBe('13');
  });

  test.each(['/', '/v1/ws'])('HEAD of %s has the head of GET and no body: the next answer follows it', async (path) => {
    const { port } = new URL((await cluster.start()).url);
    const client = connect(Number(port), '127.0.0.1');
    let received = '';
    client.on('data', (bytes) => {
      received += bytes;
    });
    client.write(['HEAD', 'GET'].map((method) => `${method} ${path} HTTP/1.1\r\nHost: test\r\n\r\n`).join(''));
    await once(client, 'close');
    const [head = '', get = '', body = '', ...rest] = received.split('\r\n\r\n');
    const lengthOf = (answer: string) => Number(/^content-length: (\d+)$/im.exec(answer)?.[1]);
    expect([head.slice(0, 12), lengthOf(head), rest]).toEqual([get.slice(0, 12), body.length, []]);
  });

  test.each<[string, string, number | 'ready']>([
    ['https://chat.example', 'https://chat.example', 'ready'],
    ['https://chat.example', 'https://chat.example.evil', 403],
    ['https://chat.example', 'https://evil.chat.example', 403],
    ['https://chat.example', 'http://chat.example', 403],
    ['https://chat.example', 'null', 403],
    ['https://chat.example', 'http://localhost:3000', 403],
    ['loopback', 'http://localhost:3000', 'ready'],
    ['loopback', 'http://127.0.0.1:8080', 'ready'],
    ['loopback', 'http://localhost.evil.example', 403],
    ['loopback', 'http://localhost:3000/path', 403],
  ])('Origin: allowed %s, sent %s → %s', async (allowed, origin, expected) => {
    const shard = await cluster.start({ ALLOWED_ORIGINS: allowed });
    const client = cluster.dial(shard.url, { headers: { origin }, ...offer(`ticket.${await cluster.ticket('alice')}`) });
    if (expected === 'ready') await client.next('ready');
    else expect(await client.status()).toBe(expected);
  });

  test('[S1] 503 with Retry-After over SHARD_MAX_CONNECTIONS, before Origin and credential are looked at', async () => {
    const shard = await cluster.start({ SHARD_MAX_CONNECTIONS: '2' });
    const [first] = [await cluster.connect(shard, 'alice'), await cluster.connect(shard, 'bob')];
    const third = cluster.dial(shard.url, { headers: { origin: 'https://evil.example' } });
    expect(await third.status()).toBe(503);
    expect(Number(third.refused?.headers['retry-after'])).toBeGreaterThanOrEqual(1);
    expect(Number(third.refused?.headers['retry-after'])).toBeLessThanOrEqual(5);
    expect(await metric(shard, 'carillon_ws_upgrades_refused_total', 'reason="count"')).toBe(1);
    expect(await metric(shard, 'carillon_ws_upgrades_total')).toBe(2);
    first?.socket.close();
    await expect.poll(() => metric(shard, 'carillon_ws_connections')).toBe(1);
    await cluster.connect(shard, 'carol');
  });

  test('[S1] 503 over UPGRADE_RATE, burst twice that; bad credentials count too', async () => {
    const shard = await cluster.start({ UPGRADE_RATE: '2' });
    const clients = Array.from({ length: 8 }, () => cluster.dial(shard.url, offer('ticket.bad')));
    await expect.poll(() => clients.every((client) => client.refused !== undefined || client.closed !== undefined)).toBe(true);
    const refused = clients.filter((client) => client.refused?.status === 503);
    expect(refused.length).toBeGreaterThanOrEqual(3);
    expect(refused.length).toBeLessThanOrEqual(4);
  });

  test('[S1] 503 over CONNECTIONS_PER_IP', async () => {
    const shard = await cluster.start({ CONNECTIONS_PER_IP: '1' });
    const first = await cluster.connect(shard, 'alice');
    expect(await cluster.dial(shard.url, offer('ticket.x')).status()).toBe(503);
    first.socket.close();
    await expect.poll(() => metric(shard, 'carillon_ws_connections')).toBe(0);
    await cluster.connect(shard, 'bob');
  });
});

describe('CONNECTIONS_PER_USER', () => {
  test('[P5] the oldest connection of the user is closed with 4503; other users are not', async () => {
    const shard = await cluster.start({ CONNECTIONS_PER_USER: '2' });
    const other = await cluster.connect(shard, 'bob');
    const [first, second, third] = [
      await cluster.connect(shard, 'alice'),
      await cluster.connect(shard, 'alice'),
      await cluster.connect(shard, 'alice'),
    ];
    expect(await first?.closeCode()).toBe(4503);
    await cluster.notify(['alice', 'bob'], { seq: 1 });
    for (const client of [second, third, other]) expect(await client?.next('event')).toMatchObject({ seq: 1 });
  });
});

describe('a log', () => {
  test('[S6] never shows a ticket, a token or a query', async () => {
    const shard = await cluster.start();
    const ticket = await cluster.ticket('alice');
    await cluster.dial(shard.url, { query: `ticket=${ticket}` }).next('ready');
    await cluster.dial(shard.url, offer(`ticket.${ticket}x`)).closeCode();
    expect(cluster.logLines.length).toBeGreaterThan(0);
    expect(cluster.logLines.join('')).not.toContain(ticket.slice(0, 40));
  });
});
