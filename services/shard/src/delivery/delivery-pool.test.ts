import type { ReceivedRecord } from '@carillon/event-log';
import type { ShardToken } from '@carillon/presence';
import { systemClock } from '@carillon/runtime';
import { beforeEach, describe, expect, test } from 'vitest';
import type { Connection } from '../connection/connection.ts';
import { ConnectionTable } from '../connection/connection-table.ts';
import type { OutgoingFrame } from '../connection/outgoing-frame.ts';
import { RecentRecords } from '../consumer/recent-records.ts';
import type { InboxItem } from '../inbox/inbox.ts';
import { ShardCounts } from '../metrics.ts';
import { DeliveryPool } from './delivery-pool.ts';
import type { ForwardResult } from './forwarder.ts';

/** Connections as the pool sees them: a chain of things that take frames. */
class RecordingTable extends ConnectionTable {
  readonly got: { userId: string; seq: number; chatId: string }[] = [];
  readonly #local: ReadonlySet<string> | undefined;

  constructor(local?: ReadonlySet<string>) {
    super();
    this.#local = local;
  }

  override newestOf(userId: string): Connection | undefined {
    if (this.#local !== undefined && !this.#local.has(userId)) return undefined;
    const deliver = (frame: OutgoingFrame) => void this.got.push({ userId, seq: frame.seq, chatId: frame.chatId });
    return { deliver, next: undefined } as unknown as Connection;
  }
}

const away: ShardToken = 'other@1';
let offset = 0;
const record = (partition: number, seq: number, recipients: readonly string[] = ['u']): ReceivedRecord => {
  offset += 1;
  const value = Buffer.from(`{"seq":${seq}}`);
  return {
    partition,
    recipients,
    chatId: `chat-${partition}`,
    seq,
    event: 'message.created',
    value,
    offset,
    appendedAtMs: 0,
    generation: 1,
  };
};
const users = (count: number) => Array.from({ length: count }, (_, index) => `user-${index}`);

class Harness {
  readonly finished: ReceivedRecord[] = [];
  readonly paused = new Set<number>();
  readonly skipped: number[] = [];
  readonly forwards: { to: ShardToken; item: InboxItem; settle: (result: ForwardResult) => void }[] = [];
  readonly unloaded = new Map<number, Promise<void>>();
  readonly connections: RecordingTable;
  readonly holders = new Map<string, ShardToken[]>();
  readonly recent = new RecentRecords();
  readonly pool: DeliveryPool;
  turnsRequested = 0;

  constructor(tasks: number, local?: ReadonlySet<string>) {
    this.connections = new RecordingTable(local);
    this.pool = new DeliveryPool({
      tasks,
      connections: this.connections,
      routes: {
        holdersOf: (_, userId) => this.holders.get(userId) ?? [],
        isLoaded: (partition) => !this.unloaded.has(partition),
        isAssigned: () => true,
        whenLoaded: (partition) => this.unloaded.get(partition) ?? Promise.resolve(),
      },
      forwarder: { forward: (to, item) => new Promise((settle) => this.forwards.push({ to, item, settle })) },
      reader: {
        finish: (done) => void this.finished.push(done),
        pause: (partition) => void this.paused.add(partition),
        resume: (partition) => void this.paused.delete(partition),
      },
      recent: this.recent,
      clock: systemClock,
      counts: new ShardCounts(() => undefined),
      onSkipped: (partition) => void this.skipped.push(partition),
      requestTurn: () => {
        this.turnsRequested += 1;
      },
    });
  }

  /** One chunk. */
  turn(): boolean {
    return this.pool.routeTurn(Number.POSITIVE_INFINITY, () => true);
  }

  all(): void {
    this.pool.routeTurn(Number.POSITIVE_INFINITY, () => false);
  }

  seqsOf(partition: number): number[] {
    return this.connections.got.filter(({ chatId }) => chatId === `chat-${partition}`).map(({ seq }) => seq);
  }
}

beforeEach(() => {
  offset = 0;
});

describe('a delivery pool', () => {
  test('only enqueues, delivers in a turn, finishes each record once', () => {
    const harness = new Harness(4);
    harness.pool.enqueue(1, [record(1, 1), record(1, 2)]);
    expect([harness.connections.got.length, harness.turnsRequested, harness.pool.depth]).toEqual([0, 1, 2]);
    harness.all();
    expect(harness.seqsOf(1)).toEqual([1, 2]);
    expect(harness.finished.map(({ seq }) => seq)).toEqual([1, 2]);
    expect([harness.pool.depth, harness.pool.isIdle()]).toEqual([0, true]);
  });

  test.each([1, 3, 8])('[M4] keeps the order of every partition, with %s lanes and waiting forwards', async (tasks) => {
    const harness = new Harness(tasks);
    harness.holders.set('away', [away]);
    for (let seq = 1; seq <= 30; seq += 1) {
      for (const partition of [0, 1, 2, 5, 7])
        harness.pool.enqueue(partition, [record(partition, seq, seq % 3 === 0 ? ['u', 'away'] : ['u'])]);
    }
    for (let round = 0; round < 1_000 && !harness.pool.isIdle(); round += 1) {
      harness.all();
      for (const { settle } of harness.forwards.splice(0)) settle('sent');
      await Promise.resolve();
    }
    const expected = Array.from({ length: 30 }, (_, index) => index + 1);
    for (const partition of [0, 1, 2, 5, 7]) {
      expect(harness.seqsOf(partition).filter((seq, index, all) => seq !== all[index - 1])).toEqual(expected);
      expect(harness.finished.filter((done) => done.partition === partition).map(({ seq }) => seq)).toEqual(expected);
    }
  });

  test('[D8] a record to 10,000 delays another partition by one chunk, in one lane too', () => {
    for (const tasks of [1, 8]) {
      const harness = new Harness(tasks);
      harness.pool.enqueue(1, [record(1, 1, users(10_000))]);
      harness.pool.enqueue(2, [record(2, 1)]);
      harness.turn();
      harness.turn();
      expect(harness.seqsOf(2)).toEqual([1]);
      expect(harness.seqsOf(1).length).toBe(256);
      expect(harness.finished.length).toBe(1);
      harness.all();
      expect(harness.seqsOf(1).length).toBe(10_000);
    }
  });

  test('a lane waits for its forward; the others go on', async () => {
    const harness = new Harness(2, new Set(['u']));
    harness.holders.set('away', [away]);
    harness.pool.enqueue(0, [record(0, 1, ['u', 'away']), record(0, 2)]);
    harness.pool.enqueue(1, [record(1, 1), record(1, 2)]);
    harness.all();
    expect([harness.seqsOf(0), harness.seqsOf(1)]).toEqual([[1], [1, 2]]);
    expect(harness.forwards.map(({ to, item }) => [to, item.kind === 'forward' && item.recipients])).toEqual([[away, ['away']]]);
    expect([harness.finished.length, harness.pool.isIdle()]).toEqual([2, false]);
    harness.forwards[0]?.settle('failed');
    await expect.poll(() => harness.turnsRequested).toBeGreaterThan(2);
    harness.all();
    expect(harness.seqsOf(0)).toEqual([1, 2]);
    expect(harness.finished.length).toBe(4);
  });

  test.each([
    ['message.created', 1, [2]],
    ['resync', 0, [2]],
    ['signal.read', 0, []],
  ])('[R11] [D15] a failed forward is a loss of the partition, unless it was a signal: %s', async (event, seq, skipped) => {
    const harness = new Harness(1);
    harness.holders.set('away', [away]);
    harness.pool.enqueue(2, [{ ...record(2, seq, ['away']), event }]);
    harness.all();
    harness.forwards[0]?.settle('failed');
    await expect.poll(() => harness.finished.length).toBe(1);
    expect(harness.skipped).toEqual(skipped);
  });

  test('a partition whose routes are being loaded waits; its lane does not', async () => {
    const harness = new Harness(1);
    let loaded: () => void = () => undefined;
    harness.unloaded.set(
      0,
      new Promise((resolve) => {
        loaded = resolve;
      }),
    );
    harness.pool.enqueue(0, [record(0, 1)]);
    harness.pool.enqueue(1, [record(1, 1)]);
    harness.all();
    harness.pool.enqueue(0, [record(0, 2)]);
    harness.all();
    expect([harness.seqsOf(0), harness.seqsOf(1)]).toEqual([[], [1]]);
    harness.unloaded.delete(0);
    const requested = harness.turnsRequested;
    loaded();
    await expect.poll(() => harness.turnsRequested).toBeGreaterThan(requested);
    harness.all();
    expect(harness.seqsOf(0)).toEqual([1, 2]);
  });

  test('pauses the partition above the high-water mark, resumes it below the low one', () => {
    const harness = new Harness(4);
    harness.pool.enqueue(
      1,
      Array.from({ length: 4_001 }, (_, index) => record(1, index + 1)),
    );
    harness.pool.enqueue(2, [record(2, 1)]);
    expect([...harness.paused]).toEqual([1]);
    for (let turn = 0; turn < 3_100; turn += 1) harness.turn();
    expect([...harness.paused]).toEqual([]);
    harness.all();
    expect(harness.seqsOf(1).length).toBe(4_001);
  });

  test('a new assignment voids what waits, and resumes what was paused', async () => {
    const harness = new Harness(4, new Set(['u']));
    harness.holders.set('away', [away]);
    harness.pool.enqueue(
      1,
      Array.from({ length: 4_001 }, (_, index) => record(1, index + 1, ['away'])),
    );
    harness.all();
    harness.pool.reset();
    expect([harness.pool.depth, harness.paused.size]).toEqual([0, 0]);
    harness.pool.enqueue(1, [record(1, 1)]);
    harness.forwards[0]?.settle('sent');
    await expect.poll(() => harness.finished.length).toBe(1);
    harness.all();
    expect(harness.seqsOf(1)).toEqual([1]);
    expect(harness.finished.length).toBe(2);
    expect(harness.pool.isIdle()).toBe(true);
  });

  test('what another shard forwarded goes to local connections only', () => {
    const harness = new Harness(1, new Set(['u']));
    harness.holders.set('v', [away]);
    harness.pool.deliverForward({
      kind: 'forward',
      recipients: ['u', 'v'],
      value: Buffer.from('{}'),
      chatId: 'c',
      seq: 3,
      event: 'message.created',
    });
    expect(harness.connections.got).toEqual([{ userId: 'u', seq: 3, chatId: 'c' }]);
    expect(harness.forwards).toEqual([]);
  });
});
