import { type ShardToken, shardToken } from '@carillon/presence';
import { silentLogger } from '@carillon/runtime';
import { describe, expect, test } from 'vitest';
import { InProcessInboxes } from '../inbox/in-process-inbox.ts';
import { acknowledgement, recordingListener } from '../inbox/inbox.contract.ts';
import { type Forward, type InboxItem, maxEntryBytes } from '../inbox/inbox.ts';
import { FaultyInbox, ManualClock } from '../presence/faulty.fixture.ts';
import { Forwarder } from './forwarder.ts';

const [a, b, c] = [shardToken('a', 1), shardToken('b', 1), shardToken('c', 1)];

async function setUp() {
  const inboxes = new InProcessInboxes();
  const inbox = new FaultyInbox(inboxes.open(a));
  const receiver = recordingListener();
  for (const token of [b, c]) await inboxes.open(token).start(receiver.listener);
  const clock = new ManualClock();
  const results: string[] = [];
  const forwarder = new Forwarder({ inbox, clock, logger: silentLogger, onForwarded: (result) => results.push(result) });
  const forwardAll = (to: ShardToken, items: InboxItem[]) => Promise.all(items.map((item) => forwarder.forward(to, item)));
  return { inbox, told: receiver.told, clock, results, forwarder, forwardAll };
}

function forwardOf(seq: number, bytes = 10): Forward {
  return { kind: 'forward', recipients: ['ann'], value: Buffer.alloc(bytes), chatId: 'c', seq, event: 'message.created' };
}

function hold(inbox: FaultyInbox): () => void {
  let release: (() => void) | undefined;
  inbox.held = new Promise((resolve) => {
    release = resolve;
  });
  return () => release?.();
}

describe('forwarder', () => {
  test('what one turn forwards to a shard leaves in one entry', async () => {
    const { inbox, told, forwardAll } = await setUp();
    const results = await Promise.all([forwardAll(b, [forwardOf(1), forwardOf(2)]), forwardAll(c, [forwardOf(3)])]);
    expect(results.flat()).toEqual(['sent', 'sent', 'sent']);
    expect(inbox.sent.map(({ to, items }) => [to, items.length])).toEqual([
      [b, 2],
      [c, 1],
    ]);
    await expect.poll(() => told.length).toBe(2);
  });

  test('[M4] one entry per receiver is in flight; what comes meanwhile leaves packed and in order', async () => {
    const { inbox, told, forwarder, forwardAll } = await setUp();
    const release = hold(inbox);
    const first = forwarder.forward(b, forwardOf(1));
    await expect.poll(() => inbox.sent.length).toBe(1);
    const rest = forwardAll(b, [forwardOf(2), forwardOf(3), forwardOf(4)]);
    release();
    await Promise.all([first, rest]);
    expect(inbox.sent.filter(({ to }) => to === b).map(({ items }) => items.length)).toEqual([1, 3]);
    await expect.poll(() => told.length).toBe(2);
    const seqs = told
      .flatMap((one) => (one.kind === 'items' ? one.items : []))
      .flatMap((item) => (item.kind === 'forward' ? [item.seq] : []));
    expect(seqs).toEqual([1, 2, 3, 4]);
  });

  test('an entry is bounded in items and bytes', async () => {
    const { inbox, forwardAll } = await setUp();
    await forwardAll(
      b,
      Array.from({ length: 300 }, (_, i) => forwardOf(i)),
    );
    expect(inbox.sent.map(({ items }) => items.length)).toEqual([256, 44]);
    await forwardAll(
      c,
      Array.from({ length: 5 }, (_, i) => forwardOf(i, 100_000)),
    );
    expect(inbox.sent.slice(2).map(({ items }) => items.length)).toEqual([2, 2, 1]);
  });

  test('only notifications are counted', async () => {
    const { results, forwardAll } = await setUp();
    await forwardAll(b, [forwardOf(1), acknowledgement(1)]);
    expect(results).toEqual(['sent']);
  });

  test('[R5] after a failure nobody waits for a second, and the receiver sees the gap', async () => {
    const { inbox, told, clock, results, forwarder } = await setUp();
    await forwarder.forward(b, forwardOf(1));
    inbox.isAway = true;
    expect(await forwarder.forward(b, forwardOf(2))).toBe('failed');
    expect(forwarder.isDown()).toBe(true);
    inbox.isAway = false;
    expect(await forwarder.forward(c, forwardOf(3))).toBe('failed');
    expect(inbox.sent).toHaveLength(2);
    clock.advance(1_000);
    expect(await forwarder.forward(b, forwardOf(4))).toBe('sent');
    expect(await forwarder.forward(c, forwardOf(5))).toBe('sent');
    expect(results).toEqual(['sent', 'failed', 'failed', 'sent', 'sent']);
    await expect
      .poll(() => told.filter((one) => one.kind === 'gap'))
      .toEqual([
        { kind: 'gap', sender: a },
        { kind: 'gap', sender: a },
      ]);
  });

  test('[R5] a failure ends the waiting of all receivers', async () => {
    const { inbox, forwarder } = await setUp();
    const release = hold(inbox);
    inbox.isAway = true;
    const first = [forwarder.forward(b, forwardOf(1)), forwarder.forward(c, forwardOf(1))];
    await expect.poll(() => inbox.sent.length).toBe(2);
    const waiting = [forwarder.forward(b, forwardOf(2)), forwarder.forward(c, forwardOf(2))];
    release();
    expect(await Promise.all([...first, ...waiting])).toEqual(['failed', 'failed', 'failed', 'failed']);
    expect(inbox.sent).toHaveLength(2);
  });

  test('a receiver that is gone fails alone', async () => {
    const { forwarder } = await setUp();
    expect(await forwarder.forward(shardToken('d', 1), forwardOf(1))).toBe('gone');
    expect(forwarder.isDown()).toBe(false);
    expect(await forwarder.forward(b, forwardOf(1))).toBe('sent');
  });

  test('an item too large for an entry fails alone', async () => {
    const { forwarder } = await setUp();
    expect(await forwarder.forward(b, forwardOf(1, maxEntryBytes))).toBe('failed');
    expect(await forwarder.forward(b, forwardOf(2))).toBe('sent');
  });

  test('what waits for one receiver is bounded', async () => {
    const { inbox, forwarder, forwardAll } = await setUp();
    const release = hold(inbox);
    const first = forwarder.forward(b, forwardOf(0));
    await expect.poll(() => inbox.sent.length).toBe(1);
    const results = forwardAll(
      b,
      Array.from({ length: 90 }, (_, i) => forwardOf(i, 100_000)),
    );
    release();
    await first;
    const failed = (await results).filter((result) => result === 'failed').length;
    expect(failed).toBe(90 - Math.floor((8 << 20) / 100_131));
  });

  test('disposing fails what waits', async () => {
    const { forwarder } = await setUp();
    const waiting = forwarder.forward(b, forwardOf(1));
    forwarder[Symbol.dispose]();
    expect(await waiting).toBe('failed');
    expect(await forwarder.forward(b, forwardOf(2))).toBe('failed');
  });
});
