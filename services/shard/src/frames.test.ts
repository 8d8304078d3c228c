import { DevTokens } from '@carillon/auth';
import { type Clock, systemClock } from '@carillon/runtime';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { jwtSecret, metric, ShardCluster } from './shard-cluster.fixture.ts';

let cluster: ShardCluster;
/** Wall time may be moved; the monotonic clock, and with it all timers, is the machine's. */
let shiftMs = 0;
const clock: Clock = { ...systemClock, nowMs: () => systemClock.nowMs() + shiftMs };
beforeEach(() => {
  shiftMs = 0;
  cluster = new ShardCluster(clock);
});
afterEach(() => cluster[Symbol.asyncDispose]());

const token = async (userId: string, ttlSeconds = 600) =>
  (await new DevTokens({ secret: jwtSecret }, clock).issue(userId, ttlSeconds)).token;

describe('ping', () => {
  test('is answered by pong, with its id where there was one', async () => {
    const client = await cluster.connect(await cluster.start(), 'alice');
    client.send({ type: 'ping' });
    expect(await client.next('pong')).toEqual({ type: 'pong' });
    client.send({ type: 'ping', id: 'x'.repeat(64), more: { unknown: true } });
    expect(await client.next('pong')).toEqual({ type: 'pong', id: 'x'.repeat(64) });
  });

  test('[P2] that comes before ready is answered behind it', async () => {
    const shard = await cluster.start();
    const client = cluster.dial(shard.url, { protocols: ['carillon.v1', `ticket.${await cluster.ticket('alice')}`] });
    await client.opened();
    client.send({ type: 'ping' });
    await client.next('pong');
    expect(client.frames.map((frame) => frame.type)).toEqual(['ready', 'pong']);
  });
});

describe('a client frame', () => {
  test.each<[string, string | Buffer]>([
    ['broken JSON', '{"type":'],
    ['empty', ''],
    ['an array', '[{"type":"ping"}]'],
    ['null', 'null'],
    ['a string', '"ping"'],
    ['a number', '1'],
    ['without type', '{}'],
    ['type not a string', '{"type":1}'],
    ['binary', Buffer.from('{"type":"ping"}')],
    ['ping with a wrong id', '{"type":"ping","id":7}'],
    ['ping with a long id', `{"type":"ping","id":"${'x'.repeat(65)}"}`],
    ['ping with null as id', '{"type":"ping","id":null}'],
    ['auth without token', '{"type":"auth"}'],
    ['auth with a wrong token', '{"type":"auth","token":{}}'],
    ['auth with an empty token', '{"type":"auth","token":""}'],
    ['deeply nested', `${'['.repeat(8_000)}${']'.repeat(8_000)}`],
  ])('[P4][P5][P8] %s: 4504', async (_, frame) => {
    const client = await cluster.connect(await cluster.start(), 'alice');
    client.send(frame);
    expect(await client.closeCode()).toBe(4504);
    expect(client.closed?.reason).toBe('protocol_violation');
  });

  test('[P4] of an unknown type is ignored and counted, as unknown fields are', async () => {
    const shard = await cluster.start();
    const client = await cluster.connect(shard, 'alice');
    for (const frame of [
      '{"type":"typing","chat_id":7}',
      '{"type":"__proto__"}',
      '{"type":"constructor"}',
      '{"type":"ping","__proto__":{"id":1}}',
    ]) {
      client.send(frame);
    }
    expect(await client.next('pong')).toEqual({ type: 'pong' });
    expect(await metric(shard, 'carillon_ws_frames_ignored_total')).toBe(3);
  });

  test('[P4] of 16 KiB is taken, one byte more: 1009, over 64 KiB: cut', async () => {
    const shard = await cluster.start();
    const frame = (bytes: number) => `{"type":"ping","pad":"${'x'.repeat(bytes - 24)}"}`;
    expect(frame(16_384).length).toBe(16_384);
    const [fits, tooLarge, huge] = [
      await cluster.connect(shard, 'a'),
      await cluster.connect(shard, 'b'),
      await cluster.connect(shard, 'c'),
    ];
    fits?.send(frame(16_384));
    await fits?.next('pong');
    tooLarge?.send(frame(16_385));
    expect(await tooLarge?.closeCode()).toBe(1009);
    huge?.send(frame(65_537));
    expect([1006, 1009]).toContain(await huge?.closeCode());
  });

  test('[P4] 40 at once are taken, the rest of a flood: 4504; other connections notice nothing', async () => {
    const shard = await cluster.start();
    const [calm, burst, flood] = [await cluster.connect(shard, 'a'), await cluster.connect(shard, 'b'), await cluster.connect(shard, 'c')];
    for (let count = 0; count < 40; count += 1) burst?.send({ type: 'ping', id: String(count) });
    await expect.poll(() => burst?.frames.filter((frame) => frame.type === 'pong').length).toBe(40);
    for (let count = 0; count < 5_000; count += 1) flood?.send({ type: 'nothing' });
    expect(await flood?.closeCode()).toBe(4504);
    calm?.send({ type: 'ping' });
    await calm?.next('pong');
    expect(burst?.closed).toBeUndefined();
  });

  test('[P4] that is no UTF-8 ends that connection alone', async () => {
    const shard = await cluster.start();
    const [calm, broken] = [await cluster.connect(shard, 'a'), await cluster.connect(shard, 'b')];
    broken?.socket.send(Buffer.from([0xff, 0xfe, 0x22]), { binary: false });
    await broken?.closeCode();
    calm?.send({ type: 'ping' });
    await calm?.next('pong');
  });
});

describe('auth', () => {
  test.each<[string, () => Promise<string>]>([
    ['a ticket', () => cluster.ticket('alice', 900_000)],
    ['a JWT', () => token('alice', 900)],
  ])('[S3] with %s of the same user prolongs the connection', async (_, fresh) => {
    const client = await cluster.connect(await cluster.start(), 'alice', 60_000);
    client.send({ type: 'auth', token: await fresh() });
    const { expires_at } = await client.next('authenticated');
    expect(Date.parse(String(expires_at)) - Date.now()).toBeGreaterThan(890_000);
    shiftMs = 120_000;
    client.send({ type: 'ping' });
    await client.next('pong');
    expect(client.closed).toBeUndefined();
  });

  test.each<[string, () => Promise<string>, number]>([
    ['garbage', async () => 'garbage', 4500],
    ["another user's ticket", () => cluster.ticket('mallory'), 4500],
    ["another user's JWT", () => token('mallory'), 4500],
    ['an expired JWT', () => token('alice', -60), 4001],
    ['an expired ticket', () => cluster.ticket('alice', -1_000), 4001],
  ])('[S2] with %s closes the connection', async (_, bad, code) => {
    const client = await cluster.connect(await cluster.start(), 'alice');
    client.send({ type: 'auth', token: await bad() });
    expect(await client.closeCode()).toBe(code);
    expect(client.frames.map((frame) => frame.type)).toEqual(['ready']);
  });

  test('[P8] with a JWT whose keys cannot be asked for closes with 4004', async () => {
    const shard = await cluster.start({ AUTH_JWT_SECRET: '', AUTH_JWKS_URL: 'http://127.0.0.1:1/jwks.json' });
    const client = await cluster.connect(shard, 'alice');
    const part = (json: object) => Buffer.from(JSON.stringify(json)).toString('base64url');
    const claims = { sub: 'alice', exp: Math.ceil(Date.now() / 1000) + 600 };
    client.send({ type: 'auth', token: `${part({ alg: 'EdDSA', kid: 'a' })}.${part(claims)}.${'A'.repeat(86)}` });
    expect(await client.closeCode()).toBe(4004);
  });

  test('[P2][S3] that comes before ready is answered behind it', async () => {
    const shard = await cluster.start();
    const client = cluster.dial(shard.url, { protocols: ['carillon.v1', `ticket.${await cluster.ticket('alice')}`] });
    await client.opened();
    client.send({ type: 'auth', token: await cluster.ticket('alice', 900_000) });
    await client.next('authenticated');
    expect(client.frames.map((frame) => frame.type)).toEqual(['ready', 'authenticated']);
  });
});

describe("a credential's end", () => {
  test('[S3] closes with 4001, on time, without any traffic', async () => {
    const client = await cluster.connect(await cluster.start(), 'alice', 700);
    const startedMs = Date.now();
    expect(await client.closeCode()).toBe(4001);
    expect(Date.now() - startedMs).toBeLessThan(5_000);
  });

  test('[P9] is when it says: a second later neither kind of credential is taken', async () => {
    const shard = await cluster.start();
    for (const credential of [`ticket.${await cluster.ticket('alice', -1_000)}`, `bearer.${await token('alice', -1)}`]) {
      const late = cluster.dial(shard.url, { protocols: ['carillon.v1', credential] });
      expect([await late.closeCode(), late.frames]).toEqual([4001, []]);
    }
    const client = await cluster.connect(shard, 'alice');
    client.send({ type: 'auth', token: await token('alice', -1) });
    expect(await client.closeCode()).toBe(4001);
  });

  test('[S3] lets no frame through, also before the timer has noticed', async () => {
    const client = await cluster.connect(await cluster.start(), 'alice');
    shiftMs = 601_000;
    await cluster.notify(['alice'], { seq: 1 });
    expect(await client.closeCode()).toBe(4001);
    expect(client.seqs()).toEqual([]);
  });

  test('[S3] may be moved forward by a shorter credential', async () => {
    const client = await cluster.connect(await cluster.start(), 'alice');
    client.send({ type: 'auth', token: await cluster.ticket('alice', 600) });
    await client.next('authenticated');
    expect(await client.closeCode()).toBe(4001);
  });
});

describe('a heartbeat', () => {
  test('comes every HEARTBEAT_MS and counts the frames since ready, heartbeats and pongs not', async () => {
    const client = await cluster.connect(await cluster.start({ HEARTBEAT_MS: '150' }), 'alice');
    expect(await client.next('heartbeat')).toEqual({ type: 'heartbeat', sent: 0 });
    client.send({ type: 'ping' });
    client.send({ type: 'auth', token: await cluster.ticket('alice') });
    await client.next('authenticated');
    await cluster.notify(['alice'], { seq: 1 });
    await cluster.notify(['alice'], { seq: 2 });
    await expect.poll(() => client.seqs()).toEqual([1, 2]);
    await client.next('heartbeat');
    expect(await client.next('heartbeat')).toEqual({ type: 'heartbeat', sent: 3, pos: expect.any(String) });
  });
});
