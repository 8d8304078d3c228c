import { systemClock } from '@carillon/runtime';
import { expect, test } from 'vitest';
import { ShardCounts } from '../metrics.ts';
import { OutgoingFrame } from './outgoing-frame.ts';
import { type CappedConnection, QueueCap } from './queue-cap.ts';
import { SendQueue } from './send-queue.ts';

const frameBytes = 100;

/** A connection whose reader has stalled, with that many events of a chat waiting. */
function stalled(events: number, chats = 1) {
  const counts = new ShardCounts(() => undefined);
  const queue = new SendQueue({ maxBytes: 1 << 20, clock: systemClock, counts });
  for (let seq = 1; seq <= events; seq += 1) {
    queue.push(OutgoingFrame.ofRecord({ chatId: `c${seq % chats}`, seq, event: 'message.created', value: Buffer.alloc(frameBytes) }));
  }
  const visits: string[] = [];
  const connection: CappedConnection = { queue, schedule: () => void visits.push('scheduled') };
  return { connection, queue, visits };
}

const sum = (all: readonly { queue: SendQueue }[]) => all.reduce((bytes, { queue }) => bytes + queue.queuedBytes, 0);

test('[D14] over the cap of all queues the largest collapse first, until the rest fits; each is told and its time runs', () => {
  const all = [10, 1_000, 20, 500, 2_000, 0].map(stalled);
  const cap = new QueueCap(frameBytes * 2_000);
  cap.enforce(all.map(({ connection }) => connection));
  expect(sum(all)).toBeLessThanOrEqual(frameBytes * 2_000);
  expect(all.map(({ queue }) => queue.overflowedAtMs > 0)).toEqual([false, false, false, false, true, false]);
  expect(all.map(({ visits }) => visits.length)).toEqual([0, 0, 0, 0, 1, 0]);
  expect(all[4]?.queue.queuedBytes).toBeGreaterThan(0);
});

test('[D14] below the cap nothing happens, and a thousand stalled readers stay below it', () => {
  const all = Array.from({ length: 1_000 }, () => stalled(100));
  new QueueCap(frameBytes * 100_000).enforce(all.map(({ connection }) => connection));
  expect(sum(all)).toBe(frameBytes * 100_000);
  new QueueCap(frameBytes * 10_000).enforce(all.map(({ connection }) => connection));
  expect(sum(all)).toBeLessThanOrEqual(frameBytes * 10_000);
});

test('[D14][D6] queues that cannot shrink to few watermarks, or hold nothing but watermarks, are told by one resync', () => {
  const all = Array.from({ length: 100 }, () => stalled(400, 400));
  const connections = all.map(({ connection }) => connection);
  new QueueCap(10_000).enforce(connections);
  expect(sum(all)).toBeLessThanOrEqual(10_000);
  const few = [stalled(400, 100)];
  few[0]?.queue.collapse();
  expect(sum(few)).toBeGreaterThan(5_000);
  new QueueCap(1_000).enforce(few.map(({ connection }) => connection));
  expect(sum(few)).toBeLessThan(100);
});
