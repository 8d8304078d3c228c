import { once } from 'node:events';
import { connect, type Socket as TcpSocket } from 'node:net';
import { type Clock, systemClock } from '@carillon/runtime';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Socket } from './socket.ts';
import { UwsServer } from './uws-server.ts';

const handshake = [
  'GET /v1/ws HTTP/1.1',
  'Host: test',
  'Upgrade: websocket',
  'Connection: Upgrade',
  'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==',
  'Sec-WebSocket-Version: 13',
  '',
  '',
].join('\r\n');
const frame = Buffer.alloc(8_000, 'x');
/** A close frame with 4002 and "slow_consumer", as it stands on the wire. */
const closeFrame = Buffer.concat([Buffer.from([0x88, 15, 0x0f, 0xa2]), Buffer.from('slow_consumer')]);
const longerThanAllBuffers = 4_000;

/** A server with one socket, whose client may stop reading. Its timers are fired by the test. */
class OneSocket implements Disposable {
  readonly closes: number[] = [];
  readonly timers = new Map<() => void, number>();
  readonly #server: UwsServer;
  client: TcpSocket | undefined;
  socket: Socket | undefined;
  received = Buffer.alloc(0);
  hasEnded = false;

  constructor() {
    const clock: Clock = { ...systemClock, every: (ms, tick) => this.#every(ms, tick) };
    const open = (socket: Socket) => {
      this.socket = socket;
      return { onFrame: () => undefined, onDrain: () => undefined, onClose: (code: number) => void this.closes.push(code) };
    };
    this.#server = new UwsServer({ host: '127.0.0.1', port: 0, clock, onUpgrade: () => ({ kind: 'accept', protocol: '', open }) });
  }

  async connect(): Promise<Socket> {
    const client = connect(this.#server.listen(), '127.0.0.1');
    this.client = client;
    client.on('data', (data) => {
      this.received = Buffer.concat([this.received.subarray(-64), data]);
    });
    client.on('close', () => {
      this.hasEnded = true;
    });
    client.on('error', () => client.destroy());
    await once(client, 'connect');
    client.write(handshake);
    await expect.poll(() => this.socket).toBeDefined();
    return this.socket ?? expect.fail('no socket');
  }

  /** The client reads no more, and all buffers up to the transport's are full. */
  async block(socket: Socket): Promise<void> {
    this.client?.pause();
    for (let sent = 0; socket.bufferedBytes() < 64_000; sent += 1) {
      socket.send(frame);
      // The kernel moves on between turns.
      if (sent % 50 === 0) await new Promise(setImmediate);
      expect(sent).toBeLessThan(longerThanAllBuffers);
    }
  }

  close(): void {
    this.#server.close();
  }

  [Symbol.dispose](): void {
    this.client?.destroy();
    this.close();
  }

  #every(ms: number, tick: () => void): Disposable {
    this.timers.set(tick, ms);
    return { [Symbol.dispose]: () => void this.timers.delete(tick) };
  }
}

let one: OneSocket;
beforeEach(() => {
  one = new OneSocket();
});
afterEach(() => one[Symbol.dispose]());

describe('the end of a socket', () => {
  test('of a client that reads arrives with its code, and is told before the call returns', async () => {
    const socket = await one.connect();
    socket.send(frame);
    socket.end(4002, 'slow_consumer');
    expect(one.closes).toEqual([4002]);
    await expect.poll(() => one.hasEnded).toBe(true);
    expect(one.received.subarray(-closeFrame.length)).toEqual(closeFrame);
    expect([socket.send(frame), socket.bufferedBytes(), one.closes, one.timers.size]).toEqual(['dropped', 0, [4002], 0]);
  });

  test('of a client that has stopped reading is told at once, and follows what it still held when it reads again', async () => {
    const socket = await one.connect();
    await one.block(socket);
    socket.end(4002, 'slow_consumer');
    socket.end(4000, 'draining');
    expect([one.closes, socket.send(frame), [...one.timers.values()]]).toEqual([[4002], 'dropped', [5_000]]);
    one.client?.resume();
    await expect.poll(() => one.hasEnded).toBe(true);
    expect(one.received.subarray(-closeFrame.length)).toEqual(closeFrame);
    expect([one.closes, one.timers.size]).toEqual([[4002], 0]);
  });

  test('[D7] of a client that never reads again is cut 5 s later: descriptor and buffers are free', async () => {
    const socket = await one.connect();
    await one.block(socket);
    socket.end(4002, 'slow_consumer');
    for (const fire of [...one.timers.keys()]) fire();
    expect([one.closes, one.timers.size]).toEqual([[4002], 0]);
    one.client?.resume();
    await expect.poll(() => one.hasEnded).toBe(true);
    expect(one.received.includes(closeFrame)).toBe(false);
  });

  test('leaves no timer behind where the client hangs up, or the server closes, before it came', async () => {
    const socket = await one.connect();
    await one.block(socket);
    socket.end(4002, 'slow_consumer');
    one.client?.destroy();
    await expect.poll(() => one.timers.size).toBe(0);
    using other = new OneSocket();
    const blocked = await other.connect();
    await other.block(blocked);
    blocked.end(4002, 'slow_consumer');
    other.close();
    expect([other.closes, other.timers.size]).toEqual([[4002], 0]);
  });
});
