import { serverFrameSchema } from '@carillon/protocol';
import { systemClock } from '@carillon/runtime';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ShardCluster, type TestClient } from '../shard-cluster.fixture.ts';
import { drainWindowMs } from './advise-reconnect.ts';

let cluster: ShardCluster;
beforeEach(() => {
  cluster = new ShardCluster();
});
afterEach(() => cluster[Symbol.asyncDispose]());

const users = ['alice', 'bob', 'carol', 'dave', 'erin', 'frank'];

describe('a drain', () => {
  test('[L2] tells every client where to go, spread over the window, with a ticket that is good there', async () => {
    const shard = await cluster.start({ SHARD_DRAIN_SECONDS: '2' });
    const other = await cluster.start();
    const clients: TestClient[] = [];
    for (const user of users) clients.push(await cluster.connect(shard, user));
    const stopped = shard.shard.stop();
    const delays: number[] = [];
    for (const [index, client] of clients.entries()) {
      const frame = serverFrameSchema.parse(await client.next('reconnect'));
      if (frame.type !== 'reconnect') throw new Error('no reconnect');
      expect(frame).toMatchObject({ reason: 'drain', url: other.url });
      expect(frame.not_before_ms).toBeLessThan(2_000);
      delays.push(frame.not_before_ms);
      const next = cluster.dial(frame.url, { protocols: ['carillon.v1', `ticket.${frame.ticket}`] });
      expect(await next.next('ready')).toMatchObject({ user_id: users[index], shard_id: other.id });
    }
    expect(new Set(delays).size).toBeGreaterThan(3);
    for (const client of clients) expect(await client.closeCode()).toBe(4000);
    await stopped;
  });

  test('[R2] goes on serving its connections while they move: new owners forward to it', async () => {
    const shard = await cluster.start({ SHARD_DRAIN_SECONDS: '2' });
    await cluster.start();
    const client = await cluster.connect(shard, 'alice');
    const stopped = shard.shard.stop();
    await client.next('reconnect');
    await cluster.notify(['alice'], { seq: 1 });
    expect(await client.next('event')).toMatchObject({ seq: 1 });
    client.socket.close();
    await stopped;
  });

  test('[L1] under load costs no event and no 1006: who follows the advice needs no delta', async () => {
    const shard = await cluster.start({ SHARD_DRAIN_SECONDS: '2' });
    await cluster.start();
    const first: TestClient[] = [];
    for (const user of users) first.push(await cluster.connect(shard, user));
    let last = 0;
    const load = new AbortController();
    const loading = (async () => {
      for (; !load.signal.aborted; await systemClock.sleep(1)) await cluster.notify(users, { seq: ++last });
    })();
    const stopped = shard.shard.stop();
    const second = await Promise.all(
      first.map(async (client) => {
        const frame = serverFrameSchema.parse(await client.next('reconnect'));
        if (frame.type !== 'reconnect') throw new Error('no reconnect');
        await systemClock.sleep(frame.not_before_ms);
        const next = cluster.dial(frame.url, { protocols: ['carillon.v1', `ticket.${frame.ticket}`] });
        await next.next('ready');
        return next;
      }),
    );
    await stopped;
    load.abort();
    await loading;
    for (const [index, client] of first.entries()) {
      expect(await client.closeCode()).toBe(4000);
      const seen = () => new Set([...client.seqs(), ...(second[index]?.seqs() ?? [])]);
      await expect.poll(() => seen().size).toBe(last);
      expect([...client.frames, ...(second[index]?.frames ?? [])].filter(({ type }) => type === 'watermark' || type === 'resync')).toEqual(
        [],
      );
    }
    expect(last).toBeGreaterThan(100);
  });

  test('ends as soon as all clients have left', async () => {
    const shard = await cluster.start({ SHARD_DRAIN_SECONDS: '60' });
    await cluster.start();
    const client = await cluster.connect(shard, 'alice');
    const stopped = shard.shard.stop();
    await client.next('reconnect');
    client.socket.close();
    await stopped;
  });

  test('does not wait where there is no other shard', async () => {
    const shard = await cluster.start({ SHARD_DRAIN_SECONDS: '60' });
    const client = await cluster.connect(shard, 'alice');
    await shard.shard.stop();
    expect(await client.closeCode()).toBe(4000);
    expect(client.frames.map((frame) => frame.type)).toEqual(['ready']);
  });
});

test('the window follows the number of connections, within its bounds', () => {
  const limits = { SHARD_DRAIN_SECONDS: 100, UPGRADE_RATE: 1_000 };
  expect(drainWindowMs(0, limits)).toBe(0);
  expect(drainWindowMs(1, limits)).toBe(10_000);
  expect(drainWindowMs(20_000, limits)).toBe(40_000);
  expect(drainWindowMs(50_000, limits)).toBe(100_000);
  expect(drainWindowMs(500_000, limits)).toBe(100_000);
  expect(drainWindowMs(50_000, { ...limits, UPGRADE_RATE: 0 })).toBe(10_000);
  expect(drainWindowMs(1, { ...limits, SHARD_DRAIN_SECONDS: 5 })).toBe(5_000);
});

test('[R2] a fenced shard ends its connections at once: no owner forwards to it any more', async () => {
  const shard = await cluster.start();
  const client = await cluster.connect(shard, 'alice');
  await cluster.presence.claimEpoch(shard.id);
  await cluster.start(); // the group changes, and the lease is renewed soon
  expect(await client.closeCode()).toBe(4000);
  expect(cluster.fatal.splice(0)).toHaveLength(1);
});
