import { systemClock } from '@carillon/runtime';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ShardCounts } from '../metrics.ts';
import type { SendOutcome, Socket } from '../transport/socket.ts';
import { OutgoingFrame } from './outgoing-frame.ts';
import { SendQueue } from './send-queue.ts';

type Sent = { type: string; chat_id?: string; seq?: number; reason?: string; sent?: number };

/** A socket that takes `room` bytes, then buffers; `drain` lets what is buffered leave. */
class ScriptedSocket implements Socket {
  readonly sent: Sent[] = [];
  writes = 0;
  buffered = 0;
  isStuck = false;
  refuses = false;
  #isCorked = false;

  send(frame: Buffer | string): SendOutcome {
    if (!this.#isCorked) this.writes += 1;
    if (this.refuses) return 'dropped';
    this.sent.push(JSON.parse(String(frame)));
    if (!this.isStuck) return 'sent';
    this.buffered += frame.length;
    return 'buffered';
  }

  bufferedBytes(): number {
    return this.buffered;
  }

  cork(write: () => void): void {
    this.writes += 1;
    this.#isCorked = true;
    write();
    this.#isCorked = false;
  }

  end(): void {
    throw new Error('a queue ends no socket');
  }
}

const observed: [string, number][] = [];
const counts = () => new ShardCounts((stage, seconds) => observed.push([stage, seconds]));
const event = (chatId: string, seq: number, pad = 0) =>
  OutgoingFrame.ofRecord({
    chatId,
    seq,
    event: 'message.created',
    value: Buffer.from(JSON.stringify({ type: 'event', chat_id: chatId, seq, pad: 'x'.repeat(pad) })),
  });
const signal = () => OutgoingFrame.ofRecord({ chatId: 'c', seq: 0, event: 'signal.read', value: Buffer.from('{"type":"signal"}') });
const nowhere = { position: () => undefined };
const ready = OutgoingFrame.of({ type: 'pong', id: 'ready' });
const pong = OutgoingFrame.of({ type: 'pong' });

const open = (maxBytes: number, nowMs = () => 1) => {
  const socket = new ScriptedSocket();
  const queue = new SendQueue({ maxBytes, clock: { ...systemClock, monotonicMs: nowMs }, counts: counts() });
  queue.release(ready, socket);
  socket.sent.length = 0;
  socket.writes = 0;
  return { socket, queue };
};
const flushAll = (queue: SendQueue, socket: Socket) => {
  for (let turn = 0; turn < 10_000 && queue.flush(socket) === 'more'; turn += 1);
};

describe('a send queue', () => {
  test('[M4] hands frames over in the order they came, all in one write', () => {
    const { socket, queue } = open(100_000);
    for (let seq = 1; seq <= 20; seq += 1) queue.push(event('c', seq));
    expect(queue.flush(socket)).toBe('empty');
    expect(socket.sent.map((frame) => frame.seq)).toEqual(Array.from({ length: 20 }, (_, index) => index + 1));
    expect(socket.writes).toBe(1);
    expect(queue.flush(socket)).toBe('empty');
    expect(socket.writes).toBe(1);
  });

  test('hands over at most 16 KB in a turn', () => {
    const { socket, queue } = open(200_000);
    for (let seq = 1; seq <= 20; seq += 1) queue.push(event('c', seq, 3_000));
    expect(queue.flush(socket)).toBe('more');
    expect(socket.sent.length).toBe(5);
    flushAll(queue, socket);
    expect(socket.sent.length).toBe(20);
  });

  test('hands over a frame larger than a turn alone', () => {
    const { socket, queue } = open(200_000);
    queue.push(event('c', 1, 40_000));
    queue.push(event('c', 2));
    expect(queue.flush(socket)).toBe('more');
    expect(socket.sent.map((frame) => frame.seq)).toEqual([1]);
  });

  test('hands nothing over while the transport holds 64 KB', () => {
    const { socket, queue } = open(200_000);
    socket.isStuck = true;
    for (let seq = 1; seq <= 40; seq += 1) queue.push(event('c', seq, 3_000));
    flushAll(queue, socket);
    expect(queue.flush(socket)).toBe('blocked');
    expect(socket.buffered).toBeLessThan(64 * 1024 + 16 * 1024);
    socket.buffered = 0;
    socket.isStuck = false;
    flushAll(queue, socket);
    expect(socket.sent.length).toBe(40);
  });

  test('[P2] holds everything back until it is released, ready first', () => {
    const socket = new ScriptedSocket();
    const queue = new SendQueue({ maxBytes: 100_000, clock: systemClock, counts: counts() });
    queue.push(event('c', 1));
    expect(queue.flush(socket)).toBe('blocked');
    expect(socket.sent).toEqual([]);
    queue.release(ready, socket);
    flushAll(queue, socket);
    expect(socket.sent.map((frame) => frame.type)).toEqual(['pong', 'event']);
    expect(queue.sent).toBe(1);
  });

  test('counts in a heartbeat what was handed over since ready, heartbeats and pongs not', () => {
    const { socket, queue } = open(100_000);
    queue.push(event('c', 1));
    queue.push(pong);
    queue.push(signal());
    queue.askHeartbeat(nowhere);
    flushAll(queue, socket);
    expect(socket.sent.at(-1)).toEqual({ type: 'heartbeat', sent: 2 });
    queue.askHeartbeat(nowhere);
    flushAll(queue, socket);
    expect(socket.sent.at(-1)).toEqual({ type: 'heartbeat', sent: 2 });
  });

  test('[D6] counts a refused hand-over too, and tells by resync', () => {
    const { socket, queue } = open(100_000);
    socket.refuses = true;
    queue.push(event('c', 1));
    queue.flush(socket);
    socket.refuses = false;
    queue.askHeartbeat(nowhere);
    flushAll(queue, socket);
    expect(socket.sent).toEqual([
      { type: 'resync', reason: 'overflow' },
      { type: 'heartbeat', sent: 2 },
    ]);
  });

  test('[D6] over its bound: one watermark per chat, at the last seq, before what came later', () => {
    const { socket, queue } = open(4_096);
    for (let seq = 1; seq <= 100; seq += 1) queue.push(event(seq % 2 === 0 ? 'even' : 'odd', seq, 50));
    queue.push(event('late', 1));
    flushAll(queue, socket);
    const watermarks = socket.sent.filter((frame) => frame.type === 'watermark');
    expect(watermarks.map((frame) => frame.chat_id).sort()).toEqual(['even', 'odd']);
    expect(socket.sent.at(-1)).toMatchObject({ chat_id: 'late' });
    for (const chat of ['even', 'odd']) {
      const seqs = socket.sent.filter((frame) => frame.chat_id === chat).map((frame) => frame.seq ?? 0);
      expect(seqs).toEqual([...seqs].sort((a, b) => a - b));
      expect(seqs.at(-1)).toBe(chat === 'even' ? 100 : 99);
    }
  });

  test('[D6] more than 500 chats are told by one resync', () => {
    const { socket, queue } = open(262_144);
    for (let chat = 0; chat < 5_000; chat += 1) queue.push(event(`chat-${chat}`, 1, 100));
    flushAll(queue, socket);
    expect(socket.sent.filter((frame) => frame.type === 'watermark').length).toBeLessThanOrEqual(500);
    expect(socket.sent.filter((frame) => frame.type === 'resync')).toEqual([{ type: 'resync', reason: 'overflow' }]);
  });

  test('[D6] a frame larger than the bound is a watermark at once', () => {
    const { socket, queue } = open(4_096);
    expect(queue.push(event('c', 7, 5_000))).toBe(false);
    flushAll(queue, socket);
    expect(socket.sent).toEqual([{ type: 'watermark', chat_id: 'c', seq: 7 }]);
  });

  test('[D7] knows since when it is over its bound, until it is empty', () => {
    let nowMs = 50;
    const { socket, queue } = open(4_096, () => nowMs);
    expect(queue.overflowedAtMs).toBe(0);
    socket.buffered = 1 << 20;
    for (let seq = 1; seq <= 100; seq += 1) queue.push(event('c', seq, 50));
    nowMs = 90;
    queue.flush(socket);
    expect(queue.overflowedAtMs).toBe(50);
    socket.buffered = 0;
    flushAll(queue, socket);
    expect(queue.overflowedAtMs).toBe(0);
  });

  test('copies what outlives its turn, once for all that share it', () => {
    const fetch = Buffer.from('{"type":"event","chat_id":"c","seq":1}');
    const frame = OutgoingFrame.ofRecord({ chatId: 'c', seq: 1, event: 'message.created', value: fetch });
    const [blocked, also] = [open(100_000), open(100_000)];
    for (const { queue, socket } of [blocked, also]) {
      socket.buffered = 1 << 20;
      queue.push(frame);
      queue.flush(socket);
    }
    const kept = frame.bytes;
    expect(kept).not.toBe(fetch);
    also.queue.flush(also.socket);
    expect(frame.bytes).toBe(kept);
    fetch.fill(0);
    blocked.socket.buffered = 0;
    flushAll(blocked.queue, blocked.socket);
    expect(blocked.socket.sent).toEqual([{ type: 'event', chat_id: 'c', seq: 1 }]);
  });

  test('[D5][D6][M4] whatever happens: bounded, in order, and every event arrives or is told', () => {
    const chat = fc.integer({ min: 0, max: 4 });
    const step = fc.oneof(
      { weight: 10, arbitrary: fc.record({ kind: fc.constant('event' as const), chat, pad: fc.integer({ min: 0, max: 1_500 }) }) },
      { weight: 1, arbitrary: fc.record({ kind: fc.constantFrom('signal' as const, 'pong' as const, 'heartbeat' as const) }) },
      {
        weight: 2,
        arbitrary: fc.record({ kind: fc.constantFrom('flush' as const, 'stick' as const, 'drain' as const, 'refuse' as const) }),
      },
    );
    fc.assert(
      fc.property(fc.integer({ min: 2_000, max: 20_000 }), fc.array(step, { maxLength: 300 }), (maxBytes, steps) => {
        const { socket, queue } = open(maxBytes);
        const lastSeq = [0, 0, 0, 0, 0];
        for (const one of steps) {
          socket.refuses = false;
          if (one.kind === 'event') {
            const seq = (lastSeq[one.chat] ?? 0) + 1;
            lastSeq[one.chat] = seq;
            queue.push(event(`c${one.chat}`, seq, one.pad));
          } else if (one.kind === 'signal') queue.push(signal());
          else if (one.kind === 'pong') queue.push(pong);
          else if (one.kind === 'heartbeat') queue.askHeartbeat(nowhere);
          else if (one.kind === 'stick') socket.isStuck = true;
          else if (one.kind === 'drain') {
            socket.isStuck = false;
            socket.buffered = 0;
          } else {
            socket.refuses = one.kind === 'refuse';
            queue.flush(socket);
          }
          expect(queue.queuedBytes).toBeLessThanOrEqual(maxBytes);
        }
        socket.refuses = false;
        socket.isStuck = false;
        socket.buffered = 0;
        flushAll(queue, socket);
        expect(queue.queuedBytes).toBe(0);
        expectAllTold(socket.sent, lastSeq);
      }),
      { numRuns: 300 },
    );
  });
});

/** As a client sees it: each chat's events and watermarks rise without a hole, up to the last, unless a resync came. */
function expectAllTold(sent: readonly Sent[], lastSeq: readonly number[]): void {
  for (const [chat, last] of lastSeq.entries()) {
    let told = 0;
    let mayMiss = false;
    for (const frame of sent) {
      if (frame.type === 'resync') mayMiss = true;
      if (frame.chat_id !== `c${chat}`) continue;
      const seq = frame.seq ?? 0;
      if (frame.type === 'event' && !mayMiss) expect(seq).toBe(told + 1);
      expect(seq).toBeGreaterThan(told);
      told = seq;
    }
    if (!mayMiss) expect(told).toBe(last);
  }
}
