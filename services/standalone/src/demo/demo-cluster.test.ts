import { apiConfigSchema, createApi } from '@carillon/api';
import { Tickets } from '@carillon/auth';
import { InProcessEventLog } from '@carillon/event-log';
import { InProcessPresence } from '@carillon/presence';
import { partitionOf } from '@carillon/protocol';
import { createLogger, Metrics, parseConfig, systemClock } from '@carillon/runtime';
import { createShard, InProcessInboxes, ShardMetrics, shardConfigSchema } from '@carillon/shard';
import { freePorts, SocketClient } from '@carillon/testkit';
import { afterEach, expect, test } from 'vitest';
import { DemoCluster } from './demo-cluster.ts';
import { demoHeader } from './own-page.ts';

const secrets = { AUTH_JWT_SECRET: 'x'.repeat(32), TICKET_SECRET: 'y'.repeat(32), NODE_ENV: 'development' };
const own = { host: '127.0.0.1:8080', [demoHeader]: '1' };
const partitionCount = 4;
const owned: AsyncDisposable[] = [];

afterEach(async () => {
  for (const part of owned.splice(0).reverse()) await part[Symbol.asyncDispose]();
});

/** The demo's API in front of one shard; nothing here needs a database. */
async function setUp() {
  const log = new InProcessEventLog({ partitionCount });
  const inboxes = new InProcessInboxes();
  const presence = new InProcessPresence();
  const writer = log.createWriter();
  const logger = createLogger({ level: 'silent', pretty: false, name: 'test' });
  const demo = new DemoCluster({
    clock: systemClock,
    restartMs: 200,
    parts: {
      eventLog: { name: 'log', partitionCount, writer, reader: (member) => log.createReader(member) },
      presence: { name: 'presence', registry: presence, inbox: (token) => inboxes.open(token) },
    },
  });
  const [port] = await freePorts(1);
  const config = parseConfig(shardConfigSchema(false), { ...secrets, SHARD_ID: 'one', SHARD_PORT: `${port}`, SHARD_DRAIN_SECONDS: '0' });
  const metrics = new ShardMetrics(new Metrics());
  const shard = demo.addShard('one', logger, (around) => createShard(config, { ...around, partitionCount, logger, metrics }));
  owned.push(demo, { [Symbol.asyncDispose]: () => shard.stop() });
  const { url } = await shard.start();
  const api = createApi(parseConfig(apiConfigSchema(false), { ...secrets, DATABASE_URL: 'postgres://127.0.0.1:1/none' }), {
    ...{ writer, presence, logger },
    metrics: new Metrics(),
  });
  demo.serve(api.app);
  const ask = async (method: string, path: string, headers: Record<string, string> = own) => {
    const answer = await api.app.request(`/demo${path}`, { method, headers });
    return { status: answer.status, body: await answer.json() };
  };
  const connect = async () => {
    const tickets = new Tickets(secrets.TICKET_SECRET, systemClock);
    const sessionExpiresAtMs = systemClock.nowMs() + 60_000;
    const { ticket } = await tickets.issue({ userId: 'ann', sessionExpiresAtMs, lifetimeMs: 60_000 });
    const client = await SocketClient.open({ url, ticket });
    owned.push(client);
    return client;
  };
  return { ask, connect, presence, shard };
}

test('[E1] only the page that this process serves is answered', async () => {
  const { ask } = await setUp();
  const path = '/cluster?user_id=ann';
  expect((await ask('GET', path)).status).toBe(200);
  expect((await ask('GET', path, { ...own, host: 'localhost:8080', origin: 'http://localhost:8080' })).status).toBe(200);
  const foreign = [
    { host: own.host },
    { ...own, host: 'rebound.example:8080' },
    { ...own, host: '127.0.0.1.example:8080' },
    { ...own, origin: 'http://localhost:3000' },
    { ...own, origin: 'null' },
    { ...own, 'sec-fetch-site': 'cross-site' },
    { ...own, 'sec-fetch-site': 'same-site' },
  ];
  for (const headers of foreign) {
    for (const [method, asked] of [
      ['GET', path],
      ['POST', '/faults/kill-shard?shard_id=one'],
    ] as const) {
      expect(await ask(method, asked, headers)).toMatchObject({ status: 403, body: { code: 'forbidden' } });
    }
  }
});

test('[E1] wrong questions get the catalogue’s errors', async () => {
  const { ask } = await setUp();
  expect(await ask('GET', '/ways?after=-1')).toMatchObject({
    status: 400,
    body: { code: 'validation_failed', errors: [{ pointer: '/query/user_id' }, { pointer: '/query/after' }] },
  });
  expect(await ask('POST', '/faults/kill-shard?shard_id=two')).toMatchObject({ status: 404, body: { code: 'not_found' } });
  expect(await ask('POST', '/faults/pause-delivery?user_id=a%20b')).toMatchObject({ status: 400, body: { code: 'validation_failed' } });
  expect(await ask('POST', '/faults/unknown')).toMatchObject({ status: 404, body: { code: 'not_found' } });
});

test('[E2] a killed shard cuts its sockets without a close frame, leaves its lease, and lives again at its port', async () => {
  const { ask, connect, presence, shard } = await setUp();
  const client = await connect();
  const [before] = await presence.readLeases();
  const killed = await ask('POST', '/faults/kill-shard?shard_id=one');
  expect(killed).toMatchObject({ status: 202, body: { shard_id: 'one', back_at: expect.any(Number) } });
  expect((await client.closed()).code).toBe(1006);
  expect(await presence.readLeases()).toMatchObject([{ epoch: before?.epoch, state: 'active' }]);
  expect(await ask('POST', '/faults/kill-shard?shard_id=one')).toEqual(killed);
  await expect(connect()).rejects.toThrow();

  await expect.poll(() => shard.isUp).toBe(true);
  const [after] = await presence.readLeases();
  expect(after?.epoch).toBeGreaterThan(before?.epoch ?? 0);
  await connect();
  const partition = partitionOf('ann', partitionCount);
  await expect
    .poll(async () => (await ask('GET', '/cluster?user_id=ann')).body)
    .toMatchObject({ partition, owner_shard_id: 'one', shards: [{ shard_id: 'one', is_up: true, partitions: partitionCount }] });
});

test('[E3] a pause is of the user’s partition, and asked for again it is the same', async () => {
  const { ask } = await setUp();
  const answer = await ask('POST', '/faults/pause-delivery?user_id=ann');
  expect(answer).toMatchObject({ status: 202, body: { partition: partitionOf('ann', partitionCount), ends_at: expect.any(Number) } });
  expect(await ask('POST', '/faults/pause-delivery?user_id=ann')).toEqual(answer);
});

test('[E2] stopped while it is dead, a shard does not come back', async () => {
  const { connect, shard } = await setUp();
  shard.kill();
  await shard.stop();
  await expect(connect()).rejects.toThrow();
});
