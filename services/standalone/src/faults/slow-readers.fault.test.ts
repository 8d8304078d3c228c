import { type FaultRun, type Reader, SocketClient } from '@carillon/testkit';
import { expect, inject, test } from 'vitest';
import { startFaultRun } from './fault-run.fixture.ts';

const slowReaders = 1_000;
/** So many of them read again before their time is over, and so many come back after it: whole clients, who must end with all of it. */
const [lateReaders, returning] = [3, 2];
const queueBytes = 64 << 10;
/** What the shard keeps of a stalled socket besides: 64 KB that the transport holds and one write of 16 KB above it, in a buffer that grows by doubling. */
const transportBytes = 160 << 10;
const slackBytes = 150 << 20;
/** The kernel takes a few MB for each before the shard has to keep anything; the first end comes 15 s later. */
const maxMessages = 5_000;
const warmUpMessages = 500;
/** 16 KB in UTF-8. */
const text = '𝄞'.repeat(4_000);

test('[D5] [D6] [D7] [D8] [D14] fault 34: 1,000 readers stop reading: bounded memory, each is told and then cut off, nobody else notices', {
  timeout: 300_000,
}, async () => {
  const env = { SHARD_SEND_QUEUE_BYTES: String(queueBytes) };
  await using run = await startFaultRun(inject, { apis: 1, shards: 1, hasProxies: false, env });
  const owner = 'user-0';
  const { id: chatId } = await run.api.createGroup(owner, names().slice(0, 999), 'The slow');
  await run.api.expect(owner, 'POST', `/v1/chats/${chatId}/members`, { user_ids: names().slice(999) });
  // What the same messages cost while none of them is connected: fetched, decoded and kept for a replay.
  let before = 0;
  await flood(run, chatId, owner, async (sent) => {
    before = Math.max(before, await residentBytes(run));
    return sent === warmUpMessages;
  });
  const healthy = [...run.readers];
  const whole: Reader[] = [];
  for (const user of names().slice(0, lateReaders + returning)) whole.push(await run.connect(user));
  await using _slow = await SlowReaders.open(run, names().slice(whole.length));
  for (const reader of whole) reader.pause();
  let highest = 0;
  const floodUntilClosed = (sockets: number) =>
    flood(run, chatId, owner, async () => {
      highest = Math.max(highest, await residentBytes(run));
      return (await count(run, 'close')) >= sockets;
    });
  // The first of them was over its bound 15 s before.
  await floodUntilClosed(1);
  const late = whole.slice(0, lateReaders);
  for (const reader of late) reader.resume();
  await run.until(() => late.every(isTold), 'word of the loss', 60_000);
  // The kernel's room differs from socket to socket: who still has some is not slow before that is filled too.
  await floodUntilClosed(slowReaders - lateReaders);
  for (const reader of whole) reader.resume();
  await run.until(() => whole.every((reader) => isTold(reader) && reader.isConnected), 'return of the slow', 60_000);
  expect(highest - before).toBeLessThan(slowReaders * (queueBytes + transportBytes) + slackBytes);

  await run.settle({ allPushed: true });
  expect(healthy.flatMap(({ record }) => [...record.closes, ...record.resyncs])).toEqual([]);
  expect(run.cluster.deaths).toEqual([]);
});

/** All connected, none of them reads. */
class SlowReaders implements AsyncDisposable {
  readonly sockets: SocketClient[] = [];

  static async open(run: FaultRun, users: readonly string[]): Promise<SlowReaders> {
    const readers = new SlowReaders();
    try {
      for (const user of users) readers.sockets.push(await SocketClient.open(await run.api.ticket(user)));
    } catch (error) {
      await readers[Symbol.asyncDispose]();
      throw error;
    }
    for (const socket of readers.sockets) socket.pause();
    return readers;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.sockets.map((socket) => socket[Symbol.asyncDispose]()));
  }
}

function names(): string[] {
  return Array.from({ length: slowReaders }, (_, n) => `slow-${n}`);
}

/** It knows that it has missed something, by a frame or by its end. */
function isTold({ record: { watermarks, resyncs, closes } }: Reader): boolean {
  return watermarks > 0 || resyncs.length > 0 || closes.length > 0;
}

/** Messages to all of them, one after the other, until the condition holds. */
async function flood(run: FaultRun, chatId: string, owner: string, isEnough: (sent: number) => Promise<boolean>): Promise<void> {
  for (let sent = 0; !(await isEnough(sent)); sent += 1) {
    if (sent === maxMessages) throw new Error('the slow readers never reach their bound');
    await run.writer.send(chatId, owner, text);
  }
}

function count(run: FaultRun, action: string): Promise<number> {
  return run.cluster.metric('shard-0', `carillon_slow_consumers_total{shard="shard-0",action="${action}"}`);
}

function residentBytes(run: FaultRun): Promise<number> {
  return run.cluster.metric('shard-0', 'process_resident_memory_bytes');
}
