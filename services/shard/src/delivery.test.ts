import { systemClock } from '@carillon/runtime';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { chatId, metric, ShardCluster } from './shard-cluster.fixture.ts';

let cluster: ShardCluster;
beforeEach(() => {
  cluster = new ShardCluster();
});
afterEach(() => cluster[Symbol.asyncDispose]());

const range = (count: number, from = 1) => Array.from({ length: count }, (_, index) => from + index);

describe('a notification', () => {
  test("[D10] reaches every recipient's every connection, byte for byte", async () => {
    const shard = await cluster.start();
    const clients = [await cluster.connect(shard, 'alice'), await cluster.connect(shard, 'alice'), await cluster.connect(shard, 'bob')];
    const stranger = await cluster.connect(shard, 'carol');
    const text = `{"type":"event", "event":"message.created","chat_id":"${chatId}","seq":1,"data":{"text":"ünïcödé 🔔"}}`;
    await cluster.append(['alice', 'bob', 'nobody'], { chatId, seq: 1, event: 'message.created', value: Buffer.from(text) });
    for (const client of clients) {
      await client.next('event');
      expect(client.texts.at(-1)).toBe(text);
    }
    await cluster.notify(['carol'], { seq: 2 });
    await stranger.next('event');
    expect(stranger.seqs()).toEqual([2]);
  });

  test('[M4] thousands to the same users arrive in order, coalesced', async () => {
    const shard = await cluster.start();
    const clients = [await cluster.connect(shard, 'alice'), await cluster.connect(shard, 'bob')];
    for (const seq of range(3_000)) await cluster.notify(['alice', 'bob'], { seq, pad: 200 });
    for (const client of clients) await expect.poll(() => client.seqs().length).toBe(3_000);
    for (const client of clients) expect(client.seqs()).toEqual(range(3_000));
    expect(await metric(shard, 'carillon_ws_frames_sent_total', 'type="event"')).toBe(6_000);
    expect(await metric(shard, 'carillon_ws_writes_total')).toBeLessThan(6_000);
    expect(await metric(shard, 'carillon_delivery_queue_depth')).toBe(0);
  });

  test('[P2] for a user who is connecting waits until behind ready', async () => {
    const shard = await cluster.start();
    const protocols = ['carillon.v1', `ticket.${await cluster.ticket('alice')}`];
    for (const round of range(20)) {
      const client = cluster.dial(shard.url, { protocols });
      await client.opened();
      await cluster.notify(['alice'], { seq: round });
      await client.next('ready');
      expect(client.frames[0]?.type).toBe('ready');
      client.cut();
    }
  });

  test('[P2] ready follows the registration: where it is not effective, in a foreign partition, it says degraded', async () => {
    const shards = [await cluster.start(), await cluster.start()];
    vi.spyOn(cluster.presence, 'register').mockRejectedValue(new Error('the registry is away'));
    const protocols = ['carillon.v1', `ticket.${await cluster.ticket('alice')}`];
    const ready = await Promise.all(shards.map((shard) => cluster.dial(shard.url, { protocols }).next('ready')));
    expect(ready.map((frame) => frame['degraded']).sort()).toEqual([false, true]);
  });

  test('[R2] reaches a user at the shard that does not own their partition', async () => {
    const shards = [await cluster.start(), await cluster.start()];
    const users = ['alice', 'bob', 'carol', 'dave', 'erin', 'frank'];
    const clients = [];
    for (const user of users) for (const shard of shards) clients.push(await cluster.connect(shard, user));
    expect(clients.every((client) => client.frames[0]?.['degraded'] === false)).toBe(true);
    for (const seq of range(50)) await cluster.notify(users, { seq });
    for (const client of clients) await expect.poll(() => client.seqs()).toEqual(range(50));
    const forwarded = await Promise.all(shards.map((shard) => metric(shard, 'carillon_forwarded_total', 'result="sent"')));
    expect(forwarded.reduce((sum, count) => sum + count)).toBeGreaterThan(0);
  });

  test('[R2] reaches a user again after partitions moved', async () => {
    const first = await cluster.start();
    const clients = [await cluster.connect(first, 'alice'), await cluster.connect(first, 'bob'), await cluster.connect(first, 'carol')];
    await cluster.start();
    await expect
      .poll(async () => {
        await cluster.notify(['alice', 'bob', 'carol'], { seq: 1 });
        return clients.every((client) => client.seqs().length > 0);
      })
      .toBe(true);
  });

  test('signals travel the same way', async () => {
    const shards = [await cluster.start(), await cluster.start()];
    const clients = [await cluster.connect(shards[0] ?? fail(), 'alice'), await cluster.connect(shards[1] ?? fail(), 'alice')];
    const signal = { type: 'signal', signal: 'read', chat_id: chatId, user_id: 'bob', message_no: 3 };
    await cluster.append(['alice'], { chatId, seq: 0, event: 'signal.read', value: Buffer.from(JSON.stringify(signal)) });
    for (const client of clients) expect(await client.next('signal')).toEqual(signal);
  });

  test('is measured: log to shard, shard to socket, and from the commit', async () => {
    const shard = await cluster.start();
    const client = await cluster.connect(shard, 'alice');
    const value = Buffer.from(
      `{"type":"event","chat_id":"${chatId}","seq":1,"at":"${new Date(Date.now() - 2_000).toISOString()}","data":{}}`,
    );
    await cluster.append(['alice'], { chatId, seq: 1, event: 'message.created', value });
    await client.next('event');
    for (const stage of ['log_to_shard', 'shard_to_socket', 'total']) {
      expect(await metric(shard, 'carillon_delivery_seconds_count', `stage="${stage}"`, `shard="${shard.id}"`)).toBe(1);
    }
    expect(await metric(shard, 'carillon_delivery_seconds_sum', 'stage="total"')).toBeGreaterThan(1.9);
  });
});

describe('a burst', () => {
  test('[P10] many times the bound in one turn makes a connection that reads not slow: every event arrives, nothing collapses', async () => {
    const shard = await cluster.start({ SHARD_SEND_QUEUE_BYTES: '8192' });
    const client = await cluster.connect(shard, 'alice');
    const appended = range(100).map((seq) => cluster.notify(['alice'], { seq, pad: 400 }));
    await Promise.all(appended);
    await expect.poll(() => client.seqs().length).toBe(100);
    expect(client.seqs()).toEqual(range(100));
    expect(await metric(shard, 'carillon_slow_consumers_total')).toBe(0);
  });
});

describe('a slow consumer', () => {
  test('[D8][D6] is told what was withheld, and delays nobody', async () => {
    const shard = await cluster.start({ SHARD_SEND_QUEUE_BYTES: '65536' });
    const [slow, healthy] = [await cluster.connect(shard, 'slow'), await cluster.connect(shard, 'healthy')];
    slow?.socket.pause();
    const count = 1_500;
    for (const seq of range(count)) {
      await cluster.notify(['slow', 'healthy'], { seq, pad: 8_000 });
      if (seq % 50 === 0) await expect.poll(() => healthy?.seqs().length, { interval: 2 }).toBeGreaterThanOrEqual(seq - 40);
    }
    await expect.poll(() => healthy?.seqs().length).toBe(count);
    expect(await metric(shard, 'carillon_slow_consumers_total', 'action="watermark"')).toBeGreaterThan(0);
    expect(await metric(shard, 'carillon_ws_frames_refused_total')).toBe(0);
    slow?.socket.resume();
    await expect.poll(() => slow?.frames.some((frame) => frame.type === 'watermark' || frame['seq'] === count)).toBe(true);
    await expect.poll(() => Math.max(...(slow?.frames ?? []).map((frame) => Number(frame['seq'] ?? 0)))).toBe(count);
    expect(healthy?.seqs()).toEqual(range(count));
    let told = 0;
    for (const frame of slow?.frames ?? []) {
      const seq = Number(frame['seq']);
      if (frame.type === 'watermark') told = Math.max(told, seq);
      if (frame.type !== 'event') continue;
      expect(seq).toBe(told + 1);
      told = seq;
    }
    expect(told).toBe(count);
  });
});

describe('a slow consumer for good', () => {
  test('[D7] is closed with 4002 after 15 s over its bound, not before', async () => {
    let shiftMs = 0;
    await using shifted = new ShardCluster({ ...systemClock, monotonicMs: () => systemClock.monotonicMs() + shiftMs });
    const shard = await shifted.start({ SHARD_SEND_QUEUE_BYTES: '65536' });
    const slow = await shifted.connect(shard, 'slow');
    slow.socket.pause();
    for (const seq of range(2_000)) await shifted.notify(['slow'], { seq, pad: 8_000 });
    const closes = () => metric(shard, 'carillon_slow_consumers_total', 'action="close"');
    await expect.poll(() => metric(shard, 'carillon_slow_consumers_total', 'action="watermark"')).toBeGreaterThan(0);
    shiftMs = 13_000;
    slow.send({ type: 'ping' });
    await expect.poll(() => metric(shard, 'carillon_delivery_queue_depth')).toBe(0);
    expect(await closes()).toBe(0);
    shiftMs = 16_000;
    await expect.poll(closes).toBe(1);
    expect(await metric(shard, 'carillon_ws_closes_total', 'code="4002"')).toBe(1);
    expect(await metric(shard, 'carillon_ws_connections')).toBe(0);
  });
});

describe('stop', () => {
  test('[L2] fails readiness at once, refuses upgrades, delivers what was read, closes with 4000', async () => {
    const shard = await cluster.start({ SHARD_DRAIN_WAIT_SECONDS: '1' });
    const client = await cluster.connect(shard, 'alice');
    expect(shard.shard.health.isStarted()).toBe(true);
    const stopped = shard.shard.stop();
    expect(shard.shard.health.isDraining()).toBe(true);
    expect(await cluster.dial(shard.url, { protocols: ['carillon.v1'] }).status()).toBe(503);
    await cluster.notify(['alice'], { seq: 1 });
    await client.next('event');
    expect(await client.closeCode()).toBe(4000);
    await stopped;
    expect(await cluster.presence.readLeases()).toEqual([]);
  });

  test('[L6] nothing that a shard stands on makes it unready', async () => {
    const shard = await cluster.start();
    const dependencies = await shard.shard.health.dependencies();
    expect(dependencies).toEqual([
      { name: 'kafka', up: true, required: false },
      { name: 'redis', up: true, required: false },
    ]);
  });

  test('counts closes by code', async () => {
    const shard = await cluster.start();
    const client = await cluster.connect(shard, 'alice');
    await shard.shard.stop();
    await client.closeCode();
    expect(await metric(shard, 'carillon_ws_closes_total', 'code="4000"')).toBe(1);
    expect(await metric(shard, 'carillon_ws_connections')).toBe(0);
  });
});

function fail(): never {
  throw new Error('no such shard');
}
