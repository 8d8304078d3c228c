import { randomUUID } from 'node:crypto';
import { type ShardToken, shardToken } from '@carillon/presence';
import { silentLogger, systemClock } from '@carillon/runtime';
import { startRedis } from '@carillon/testkit';
import { Redis } from 'ioredis';
import { describe, expect, inject, test } from 'vitest';
import { acknowledgement, inboxContract, recordingListener } from './inbox.contract.ts';
import { RedisInbox } from './redis-inbox.ts';

const redisUrl = inject('redisUrl');
const [a, b] = [shardToken('a', 1), shardToken('b', 1)];

function inboxesOf(url: string) {
  const keyPrefix = `test-${randomUUID()}:`;
  const open = (token: ShardToken) =>
    new RedisInbox({ token, url, keyPrefix, clock: systemClock, random: Math.random, logger: silentLogger });
  return { open, keyPrefix };
}

/** A sender and a started receiver on a server, which may be one that the test kills. */
async function pair(url: string) {
  const { open, keyPrefix } = inboxesOf(url);
  const [sender, receiver] = [open(a), open(b)];
  const { listener, told } = recordingListener();
  await receiver.start(listener);
  await expect.poll(() => sender.isConnected() && receiver.isConnected()).toBe(true);
  const dispose = async () => {
    await Promise.all([sender[Symbol.asyncDispose](), receiver[Symbol.asyncDispose]()]);
  };
  const gaps = () => told.filter((one) => one.kind === 'gap');
  return { sender, receiver, told, gaps, key: `${keyPrefix}inbox:b:1`, [Symbol.asyncDispose]: dispose };
}

async function rawRedis(url: string) {
  const raw = new Redis(url);
  raw.on('error', (err) => expect(err).toBeInstanceOf(Error));
  return { raw, [Symbol.dispose]: () => raw.disconnect() };
}

/** A server that a test may stall and kill. */
async function ownServer() {
  const server = await startRedis();
  return { url: server.url, process: server.process, [Symbol.asyncDispose]: () => server.stop() };
}

inboxContract('Redis', async () => {
  const { open } = inboxesOf(redisUrl);
  return { open, [Symbol.asyncDispose]: () => Promise.resolve() };
});

/** Sender and receiver each notice by themselves that their server is back: what they are asked before fails at once. */
async function untilSent(sender: RedisInbox, ackId: number): Promise<void> {
  const attempt = () =>
    sender.send(b, [acknowledgement(ackId)]).then(
      () => 'sent',
      () => 'failed',
    );
  await expect.poll(attempt).toBe('sent');
}

describe('the inbox in Redis', () => {
  test('read entries are trimmed, and the stream expires with the shard', async () => {
    await using inboxes = await pair(redisUrl);
    using connection = await rawRedis(redisUrl);
    for (let i = 1; i <= 50; i += 1) await inboxes.sender.send(b, [acknowledgement(i)]);
    await expect.poll(() => inboxes.told.length).toBe(50);
    await expect.poll(() => connection.raw.xlen(inboxes.key)).toBeLessThanOrEqual(1);
    expect(await connection.raw.pttl(inboxes.key)).toBeGreaterThan(10_000);
    expect(await connection.raw.pttl(inboxes.key)).toBeLessThanOrEqual(15_000);
  });

  test('an unread stream is bounded, and the cut shows as a gap', async () => {
    await using inboxes = await pair(redisUrl);
    using connection = await rawRedis(redisUrl);
    await inboxes.sender.send(b, [acknowledgement(1)]);
    await expect.poll(() => inboxes.told.length).toBe(1);
    inboxes.sender.skip(b);
    const id = await connection.raw.xadd(
      inboxes.key,
      '*',
      'from',
      a,
      'n',
      '3',
      'items',
      '[{"kind":"ack","ackId":2,"result":"ok"}]',
      'values',
      '',
    );
    expect(id).not.toBeNull();
    await expect
      .poll(() => inboxes.told.slice(1))
      .toEqual([
        { kind: 'gap', sender: a },
        { kind: 'items', sender: a, items: [acknowledgement(2)] },
      ]);
  });

  test('[R8] a stream that vanished is made anew, and everybody’s entries may be missing', async () => {
    await using inboxes = await pair(redisUrl);
    using connection = await rawRedis(redisUrl);
    await inboxes.sender.send(b, [acknowledgement(1)]);
    await expect.poll(() => inboxes.told.length).toBe(1);
    await connection.raw.del(inboxes.key);
    await expect.poll(() => inboxes.gaps()).toEqual([{ kind: 'gap', sender: undefined }]);
    await inboxes.sender.send(b, [acknowledgement(2)]);
    await expect.poll(() => inboxes.told.at(-1)).toEqual({ kind: 'items', sender: a, items: [acknowledgement(2)] });
    expect(inboxes.gaps()).toHaveLength(1);
  });

  test('an entry that cannot be read is a gap, a kind that is not known is skipped', async () => {
    await using inboxes = await pair(redisUrl);
    using connection = await rawRedis(redisUrl);
    await connection.raw.xadd(inboxes.key, '*', 'from', a, 'n', '1', 'items', '[{"kind":"forward"}]', 'values', '');
    await expect.poll(() => inboxes.told).toEqual([{ kind: 'gap', sender: undefined }]);
    const items = '[{"kind":"newer","bytes":2},{"kind":"forward","recipients":["ann"],"chatId":"c","seq":1,"event":"e","bytes":3}]';
    await connection.raw.xadd(inboxes.key, '*', 'from', a, 'n', '2', 'items', items, 'values', 'xxabc');
    const forward = { kind: 'forward', recipients: ['ann'], chatId: 'c', seq: 1, event: 'e', value: Buffer.from('abc') };
    await expect.poll(() => inboxes.told.at(-1)).toEqual({ kind: 'items', sender: a, items: [forward] });
  });

  test('[R5] a server killed and started again empty: sends fail fast, then entries arrive again behind a gap', async () => {
    await using server = await ownServer();
    await using inboxes = await pair(server.url);
    await inboxes.sender.send(b, [acknowledgement(1)]);
    await expect.poll(() => inboxes.told.length).toBe(1);
    await server.process.signal('SIGKILL');
    const startedAt = performance.now();
    await expect(inboxes.sender.send(b, [acknowledgement(2)])).rejects.toThrow();
    expect(performance.now() - startedAt).toBeLessThan(3_000);
    await server.process.start();
    await expect.poll(() => inboxes.gaps().some((gap) => gap.sender === undefined)).toBe(true);
    await untilSent(inboxes.sender, 3);
    await expect.poll(() => inboxes.told.at(-1)).toEqual({ kind: 'items', sender: a, items: [acknowledgement(3)] });
    expect(inboxes.gaps()).toContainEqual({ kind: 'gap', sender: a });
  });

  test('[R5] a stalled server: a send fails within 300 ms, and what it did may still arrive, once', async () => {
    await using server = await ownServer();
    await using inboxes = await pair(server.url);
    using connection = await rawRedis(server.url);
    await connection.raw.call('CLIENT', 'PAUSE', '5000', 'ALL');
    const startedAt = performance.now();
    await expect(inboxes.sender.send(b, [acknowledgement(1)])).rejects.toThrow();
    expect(performance.now() - startedAt).toBeLessThan(3_000);
    await untilSent(inboxes.sender, 2);
    await expect.poll(() => inboxes.told.at(-1)).toEqual({ kind: 'items', sender: a, items: [acknowledgement(2)] });
  });

  test('[L6] a start without a server resolves, and the inbox works once the server is there', async () => {
    await using server = await ownServer();
    await server.process.stop();
    const { open } = inboxesOf(server.url);
    await using receiver = open(b);
    await using sender = open(a);
    const { listener, told } = recordingListener();
    await receiver.start(listener);
    await server.process.start();
    await untilSent(sender, 1);
    await expect.poll(() => told.at(-1)).toEqual({ kind: 'items', sender: a, items: [acknowledgement(1)] });
  });
});
