import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Metrics, silentLogger, systemClock } from '@carillon/runtime';
import { afterEach, expect, test } from 'vitest';
import { type WebSocket, WebSocketServer } from 'ws';
import { Canary } from './canary.ts';
import { CanaryMetrics } from './metrics.ts';

/** A shard as the canary sees it: `ready`, then what is published. Deaf: it takes connections and delivers nothing. */
class TestShard implements AsyncDisposable {
  readonly #http = createServer();
  readonly #server = new WebSocketServer({ server: this.#http, handleProtocols: () => 'carillon.v1' });
  readonly sockets: WebSocket[] = [];
  isDeaf = false;
  url = '';

  async listen(id: string): Promise<this> {
    await new Promise<void>((resolve) => this.#http.listen(0, '127.0.0.1', resolve));
    this.url = `ws://127.0.0.1:${(this.#http.address() as AddressInfo).port}`;
    this.#server.on('connection', (socket) => {
      this.sockets.push(socket);
      socket.send(JSON.stringify({ type: 'ready', shard_id: id }));
    });
    return this;
  }

  deliver(text: string): void {
    if (this.isDeaf) return;
    for (const socket of this.sockets) socket.send(JSON.stringify({ type: 'event', data: { message: { text } } }));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.sockets) socket.terminate();
    this.#server.close();
    await new Promise((resolve) => this.#http.close(resolve));
  }
}

const open: (AsyncDisposable | Disposable)[] = [];
afterEach(async () => {
  for (const one of open.splice(0).toReversed()) await (Symbol.asyncDispose in one ? one[Symbol.asyncDispose]() : one[Symbol.dispose]());
});

async function start(count: number) {
  const shards = await Promise.all([...Array(count).keys()].map((index) => new TestShard().listen(`shard-${index}`)));
  const listed = shards.map((shard) => shard.url);
  const calls: string[] = [];
  const publish = (call: string, text: string) => {
    calls.push(call);
    for (const shard of shards) shard.deliver(text);
  };
  const api = {
    isDown: false,
    openChat: async () => {
      if (api.isDown) throw new Error('POST /v1/chats answered 503');
      return 'chat';
    },
    send: async (_: string, id: string, text: string) => {
      publish('send', text);
      return id;
    },
    edit: async (_: string, __: string, text: string) => publish('edit', text),
    takeTicket: async () => 'ticket',
  };
  const metrics = new Metrics();
  const canary = new Canary({
    ...{ api, runId: 'run', clock: systemClock, logger: silentLogger },
    findShards: async () => listed,
    metrics: new CanaryMetrics(metrics),
  });
  open.push(...shards, canary);
  const reach = async () => Number(/^carillon_canary_reach_ratio (\S+)$/m.exec(await metrics.text())?.[1]);
  return { shards, listed, calls, api, metrics, canary, reach };
}

test('[K7] a message arrives through every shard; the first round sends it, the next ones edit it', async () => {
  const { canary, shards, calls, metrics, reach } = await start(3);
  for (let round = 0; round < 3; round += 1)
    expect(await canary.round()).toEqual({ reached: shards.map((shard) => shard.url).toSorted(by(shards)), missed: [] });
  expect(calls).toEqual(['send', 'edit', 'edit']);
  expect(shards.map((shard) => shard.sockets.length)).toEqual([1, 1, 1]);
  expect(await reach()).toBe(1);
  expect(await metrics.text()).toContain('carillon_canary_seconds_count{shard="shard-2"} 3');
});

const by = (shards: readonly TestShard[]) => (a: string, b: string) =>
  shards.findIndex(({ url }) => url === a) - shards.findIndex(({ url }) => url === b);

test('[K7] a shard that cannot be reached lowers the ratio and is named; the next round finds it again', async () => {
  const { canary, listed, shards, reach } = await start(2);
  const [lost] = listed.splice(0, 1, 'ws://127.0.0.1:1');
  expect(await canary.round()).toEqual({ reached: [shards[1]?.url], missed: [expect.stringContaining('ECONNREFUSED')] });
  expect(await reach()).toBe(0.5);
  listed.splice(0, 1, lost ?? '');
  expect((await canary.round()).missed).toEqual([]);
  expect(await reach()).toBe(1);
});

test('[K7] a shard that delivers nothing is missed', async () => {
  const { canary, shards, reach } = await start(2);
  for (const shard of shards.slice(0, 1)) shard.isDeaf = true;
  expect((await canary.round()).missed).toEqual([`${shards[0]?.url} heard nothing`]);
  expect(await reach()).toBe(0.5);
});

test('[K7] what cannot be published reaches nobody', async () => {
  const { canary, api, listed, metrics, reach } = await start(1);
  api.isDown = true;
  await expect(canary.round()).rejects.toThrow('answered 503');
  expect(await reach()).toBe(0);
  expect(await metrics.text()).toContain('carillon_canary_rounds_total{result="unpublished"} 1');
  api.isDown = false;
  listed.length = 0;
  await expect(canary.round()).rejects.toThrow('no shard is listed');
});

test('[K7] shards that left are no longer listened to', async () => {
  const { canary, listed, shards } = await start(2);
  await canary.round();
  listed.pop();
  expect(await canary.round()).toEqual({ reached: [shards[0]?.url], missed: [] });
  await expect.poll(() => shards[1]?.sockets.every((socket) => socket.readyState === socket.CLOSED)).toBe(true);
});
