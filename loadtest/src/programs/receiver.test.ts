import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { expect, test } from 'vitest';
import { messageBytes, writeMessage } from '../servers/message.ts';
import { Receiver } from './receiver.ts';

/** A server that is nothing but its sockets: what the receiver counts is decided here, byte for byte. */
class RawServer implements AsyncDisposable {
  readonly #server = createServer((socket) => this.#take(socket));
  readonly sockets: Socket[] = [];

  async listen(): Promise<number> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    const { port } = this.#server.address() as AddressInfo;
    return port;
  }

  /** The end of a client that has not read all is a reset. */
  #take(socket: Socket): void {
    socket.on('error', () => socket.destroy());
    this.sockets.push(socket);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    this.#server.close();
    await once(this.#server, 'close');
  }
}

function frame(recipient: number, seq: number, dueNs = 0n): Buffer {
  const bytes = Buffer.alloc(4 + messageBytes);
  bytes.set([0x81, 126, messageBytes >> 8, messageBytes & 0xff]);
  writeMessage(bytes, 4, recipient, seq, dueNs);
  return bytes;
}

async function connected(count: number) {
  const server = new RawServer();
  const receiver = await Receiver.start({ port: await server.listen(), until: 'raw' });
  await receiver.open(count);
  await expect.poll(() => server.sockets.length).toBe(count);
  return { server, receiver };
}

test('frames are counted whole, however the bytes arrive', async () => {
  const { server, receiver } = await connected(1);
  await using _server = server;
  await using _receiver = receiver;
  const bytes = Buffer.concat([frame(1, 1), frame(1, 2), frame(1, 3)]);
  server.sockets[0]?.setNoDelay(true);
  for (const [from, to] of [
    [0, 1],
    [1, 3],
    [3, 307],
    [307, 700],
    [700, bytes.length],
  ] as const) {
    server.sockets[0]?.write(bytes.subarray(from, to));
    await new Promise((resolve) => setImmediate(resolve));
  }
  expect(await receiver.received(3, 5_000)).toMatchObject({
    frames: 3,
    bytes: 3 * messageBytes,
    lost: 0,
    duplicated: 0,
    reordered: 0,
    misrouted: 0,
  });
});

test.each([
  { name: 'a gap', seqs: [1, 2, 5], found: { lost: 2, duplicated: 0, reordered: 0 } },
  { name: 'a second copy', seqs: [1, 2, 2, 3], found: { lost: 0, duplicated: 1, reordered: 0 } },
  { name: 'an exchange', seqs: [1, 3, 2, 4], found: { lost: 0, duplicated: 0, reordered: 1 } },
  { name: 'a second copy of what came late', seqs: [1, 3, 2, 2], found: { lost: 0, duplicated: 1, reordered: 1 } },
])('$name is seen', async ({ seqs, found }) => {
  const { server, receiver } = await connected(1);
  await using _server = server;
  await using _receiver = receiver;
  for (const seq of seqs) server.sockets[0]?.write(frame(7, seq));
  expect(await receiver.received(seqs.length, 5_000)).toMatchObject({ frames: seqs.length, misrouted: 0, ...found });
});

test('a message of another recipient, and a recipient on two connections, are seen', async () => {
  const { server, receiver } = await connected(2);
  await using _server = server;
  await using _receiver = receiver;
  server.sockets[0]?.write(Buffer.concat([frame(1, 1), frame(2, 2)]));
  await receiver.received(2, 5_000);
  server.sockets[1]?.write(frame(1, 1));
  expect(await receiver.received(3, 5_000)).toMatchObject({ frames: 3, misrouted: 2 });
});

test('latency counts from the due time; what a stalled connection does not read counts for nothing', async () => {
  const { server, receiver } = await connected(2);
  await using _server = server;
  await using _receiver = receiver;
  expect(await receiver.stall(1)).toBe(0);
  for (const [index, socket] of server.sockets.entries()) socket.write(frame(index, 1, process.hrtime.bigint() - 1_000_000_000n));
  const { frames, latencies, p50Us, stalledFrames } = await receiver.received(1, 5_000);
  expect({ frames, latencies, stalledFrames }).toEqual({ frames: 1, latencies: 1, stalledFrames: 0 });
  expect(p50Us).toBeGreaterThanOrEqual(1_000_000);
});
