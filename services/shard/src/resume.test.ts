import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { metric, ShardCluster, type TestClient, type TestShard } from './shard-cluster.fixture.ts';

let cluster: ShardCluster;
beforeEach(() => {
  cluster = new ShardCluster();
});
afterEach(() => cluster[Symbol.asyncDispose]());

const heartbeats = { HEARTBEAT_MS: '100' };
const range = (count: number, from = 1) => Array.from({ length: count }, (_, index) => from + index);

/** The pos that is told once all that was sent has arrived. */
async function posOf(client: TestClient, events: number): Promise<string> {
  await expect.poll(() => client.seqs().length).toBe(events);
  const seen = client.frames.length;
  const told = () => client.frames.slice(seen).find((frame) => frame['pos'] !== undefined)?.['pos'];
  await expect.poll(told).toBeDefined();
  return String(told());
}

/** Comes back, and reads `ready`. */
async function back(shard: TestShard, userId: string, pos: string): Promise<TestClient> {
  const client = cluster.dial(shard.url, {
    query: `resume=${encodeURIComponent(pos)}`,
    protocols: ['carillon.v1', `ticket.${await cluster.ticket(userId)}`],
  });
  await client.next('ready');
  return client;
}

const isResumed = (client: TestClient) => client.frames[0]?.['resumed'];
const resumes = (shard: TestShard, outcome: string) => metric(shard, 'carillon_ws_resumes_total', `outcome="${outcome}"`);

describe('a client that comes back to the owner of its partition', () => {
  test('[R6] is sent what it missed, behind ready and before anything newer; the frames count', async () => {
    const shard = await cluster.start(heartbeats);
    const first = await cluster.connect(shard, 'alice');
    for (const seq of range(3)) await cluster.notify(['alice', 'bob'], { seq });
    const pos = await posOf(first, 3);
    first.cut();
    for (const seq of range(4, 4)) await cluster.notify(seq === 5 ? ['bob'] : ['alice'], { seq });
    await expect.poll(() => metric(shard, 'carillon_log_lag_records')).toBe(0);
    const second = await back(shard, 'alice', pos);
    await cluster.notify(['alice'], { seq: 8 });
    await posOf(second, 4);
    expect(isResumed(second)).toBe(true);
    expect(second.seqs()).toEqual([4, 6, 7, 8]);
    expect(second.frames.at(-1)).toMatchObject({ type: 'heartbeat', sent: 4 });
    expect(await resumes(shard, 'replayed')).toBe(1);
  });

  test('[R6] having missed nothing is sent nothing', async () => {
    const shard = await cluster.start(heartbeats);
    const first = await cluster.connect(shard, 'alice');
    await cluster.notify(['alice'], { seq: 1 });
    const pos = await posOf(first, 1);
    first.cut();
    const second = await back(shard, 'alice', pos);
    expect(isResumed(second)).toBe(true);
    expect(await posOf(second, 0)).toBe(pos);
  });

  test('[R6][M4] again and again while events pour in misses none and sees each chat in order', async () => {
    const shard = await cluster.start({ HEARTBEAT_MS: '100' });
    const seen = new Set<unknown>();
    let client = await cluster.connect(shard, 'alice');
    let pos = '';
    let seq = 0;
    const pour = async () => {
      for (const _ of range(20)) {
        seq += 1;
        await cluster.notify(seq % 3 === 0 ? ['bob', 'alice'] : ['alice'], { seq, pad: 50 });
      }
    };
    for (const round of range(12)) {
      await pour();
      const told = () => client.frames.findLast((frame) => frame['pos'] !== undefined)?.['pos'];
      await expect.poll(told, { interval: 5 }).toBeDefined();
      pos = String(told());
      client.cut();
      await pour();
      const offer = { query: `resume=${pos}`, protocols: ['carillon.v1', `ticket.${await cluster.ticket('alice')}`] };
      for (const one of client.seqs()) seen.add(one);
      client = cluster.dial(shard.url, offer);
      await Promise.all([client.next('ready'), pour(), round % 2 === 0 ? pour() : undefined]);
      expect(isResumed(client)).toBe(true);
      await expect.poll(() => client.seqs().at(-1)).toBe(seq);
      const seqs = client.seqs().map(Number);
      expect(seqs).toEqual(seqs.toSorted((a, b) => a - b));
      for (const one of seqs) seen.add(one);
    }
    expect(seen.size).toBe(seq);
  });

  test('[R6] is not replayed more than its queue takes: a sync is cheaper', async () => {
    const shard = await cluster.start({ ...heartbeats, SHARD_SEND_QUEUE_BYTES: '8192' });
    const first = await cluster.connect(shard, 'alice');
    await cluster.notify(['alice'], { seq: 1 });
    const pos = await posOf(first, 1);
    first.cut();
    for (const seq of range(9, 2)) await cluster.notify(['alice'], { seq, pad: 400 });
    await expect.poll(() => metric(shard, 'carillon_log_lag_records')).toBe(0);
    const second = await back(shard, 'alice', pos);
    expect([isResumed(second), second.seqs(), await resumes(shard, 'too_much')]).toEqual([false, [], 1]);
  });
});

describe('a client without a place in the ring', () => {
  test('[R6] at a shard that does not own its partition is told no pos, and is not resumed', async () => {
    const shards = [await cluster.start(heartbeats), await cluster.start(heartbeats)];
    const clients = [];
    for (const shard of shards) clients.push(await cluster.connect(shard, 'alice'));
    await cluster.notify(['alice'], { seq: 1 });
    for (const client of clients) await expect.poll(() => client.seqs()).toEqual([1]);
    for (const client of clients) await client.next('heartbeat');
    for (const client of clients) await client.next('heartbeat');
    const told = clients.map((client) => client.frames.find((frame) => frame['pos'] !== undefined)?.['pos']);
    expect(told.filter((pos) => pos !== undefined)).toHaveLength(1);
    const pos = String(told.find((one) => one !== undefined));
    const again = [];
    for (const shard of shards) again.push(await back(shard, 'alice', pos));
    expect(again.map(isResumed)).toEqual(told.map((one) => one !== undefined));
  });

  test('[R6] keeps its place while another shard joins, if its partition stays; else it is not resumed', async () => {
    const first = await cluster.start(heartbeats);
    const users = ['alice', 'bob', 'carol', 'dave', 'erin', 'frank'];
    const positions = [];
    for (const user of users) {
      const client = await cluster.connect(first, user);
      await cluster.notify([user], { seq: 1 });
      positions.push(await posOf(client, 1));
      client.cut();
    }
    const second = await cluster.start(heartbeats);
    const isReplayed = [];
    for (const [index, user] of users.entries()) {
      const pos = positions[index] ?? '';
      isReplayed.push([isResumed(await back(first, user, pos)), isResumed(await back(second, user, pos))]);
    }
    expect(isReplayed.map(([, bySecond]) => bySecond)).toEqual(users.map(() => false));
    const kept = isReplayed.filter(([byFirst]) => byFirst === true).length;
    expect(kept).toBeGreaterThan(0);
    expect(kept).toBeLessThan(users.length);
  });
});
