import { closeCodes } from '@carillon/protocol';
import { type FaultRun, SocketClient } from '@carillon/testkit';
import { expect, inject, test } from 'vitest';
import { startFaultRun } from './fault-run.fixture.ts';

const slowReaders = 1_000;
/** So many of them read again before their time is over. */
const lateReaders = 20;
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
  await using slow = await SlowReaders.open(run);
  let highest = 0;
  await flood(run, chatId, owner, async () => {
    highest = Math.max(highest, await residentBytes(run));
    // The first of them was over its bound 15 s before.
    return (await count(run, 'close')) > 0;
  });
  const late = slow.sockets.slice(0, lateReaders);
  for (const socket of late) socket.resume();
  const words = await Promise.all(late.map(wordOf));
  expect(words.filter((word) => word !== 'told' && word !== closeCodes.slow_consumer.code)).toEqual([]);
  await run.until(async () => (await count(run, 'close')) >= slowReaders - lateReaders, 'end of the slow readers', 120_000);
  highest = Math.max(highest, await residentBytes(run));
  expect(highest - before).toBeLessThan(slowReaders * (queueBytes + transportBytes) + slackBytes);

  await run.settle({ allPushed: true });
  expect(run.readers.flatMap(({ record }) => [...record.closes, ...record.resyncs])).toEqual([]);
  expect(run.cluster.deaths).toEqual([]);
});

/** All connected, none of them reads. */
class SlowReaders implements AsyncDisposable {
  readonly sockets: SocketClient[] = [];

  static async open(run: FaultRun): Promise<SlowReaders> {
    const readers = new SlowReaders();
    try {
      for (const user of names()) readers.sockets.push(await SocketClient.open(await run.api.ticket(user)));
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

/** How one that reads again learns that it has missed something: by a frame, or by its end. */
function wordOf(socket: SocketClient): Promise<'told' | number> {
  const told = socket.frame(({ type }) => type === 'watermark' || type === 'resync', 'word of the loss', 60_000);
  return Promise.any([told.then(() => 'told' as const), socket.closed().then(({ code }) => code)]);
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
