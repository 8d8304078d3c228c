import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Batch, type BatchLimits, batchLimits, cutBatch } from './cut-batch.ts';
import { outboxRow } from './outbox-row.fixture.ts';
import { type PendingRow, PendingRows } from './pending-rows.ts';
import type { SizedRecord } from './to-records.ts';

type RowPlan = { readonly chat: number; readonly records: readonly { partition: number; bytes: number }[] };

const recordsOf = (pending: PendingRow) => Promise.resolve(pending.records ?? []);
const value = Buffer.from('{}');

/** The outbox of some buckets, each row with the records it will expand to. */
function pendingOf(buckets: readonly (readonly RowPlan[])[]): PendingRows {
  const rows = new PendingRows();
  const seqs = new Map<string, number>();
  const plans = new Map<string, RowPlan>();
  const read = buckets.flatMap((all, bucket) =>
    all.map((plan) => {
      const chatId = `chat-${bucket}-${plan.chat}`;
      const seq = (seqs.get(chatId) ?? 0) + 1;
      seqs.set(chatId, seq);
      plans.set(`${chatId} ${seq}`, plan);
      return outboxRow({ bucket, chatId, seq });
    }),
  );
  rows.add(read, { buckets: [] }, 0);
  for (const pending of rows.inTurn().flat()) {
    const { chatId, seq } = pending.row;
    pending.records = (plans.get(`${chatId} ${seq}`)?.records ?? []).map(({ partition, bytes }, n) => ({
      record: { partition, recipients: [`user-${n}`], chatId, seq, event: 'message.created', value },
      bytes,
    }));
  }
  return rows;
}

function expectWithin(batch: Batch, limits: BatchLimits): void {
  const records = [...batch.parts.flatMap((part) => part.records), ...batch.signals];
  expect(batch.parts.length).toBeLessThanOrEqual(limits.rows);
  expect(records.length).toBeLessThanOrEqual(limits.records);
  const [first] = records;
  if (first === undefined) return;
  const sum = (some: readonly SizedRecord[]) => some.reduce((total, { bytes }) => total + bytes, 0);
  expect(sum(records)).toBeLessThanOrEqual(Math.max(limits.bytes, first.bytes));
  for (const partition of new Set(records.map(({ record }) => record.partition))) {
    const inPartition = records.filter(({ record }) => record.partition === partition);
    expect(sum(inPartition)).toBeLessThanOrEqual(Math.max(limits.bytesPerPartition, inPartition.includes(first) ? first.bytes : 0));
  }
}

const plan = fc.record({
  chat: fc.nat({ max: 2 }),
  records: fc.array(fc.record({ partition: fc.nat({ max: 4 }), bytes: fc.integer({ min: 1, max: 120 }) }), { maxLength: 12 }),
});
const outbox = fc.array(fc.array(plan, { minLength: 1, maxLength: 12 }), { minLength: 1, maxLength: 6 });
const someLimits = fc.record({
  rows: fc.integer({ min: 1, max: 6 }),
  records: fc.integer({ min: 1, max: 10 }),
  bytes: fc.integer({ min: 50, max: 400 }),
  bytesPerPartition: fc.integer({ min: 40, max: 200 }),
});

test('[D11] every batch keeps its bounds; with failures at random nothing is lost, nothing of a chat is out of order', async () => {
  await fc.assert(
    fc.asyncProperty(outbox, someLimits, fc.infiniteStream(fc.boolean()), async (buckets, limits, failures) => {
      const rows = pendingOf(buckets);
      const expected = new Set(rows.inTurn().flatMap((queue) => queue.flatMap((pending) => pending.records ?? [])));
      const total = rows.inTurn().reduce((count, queue) => count + queue.length, 0);
      const sent: SizedRecord[] = [];
      for (let round = 0; rows.inTurn().length > 0; round += 1) {
        expect(round).toBeLessThan(4 * (total + expected.size) + 100);
        const batch = await cutBatch({ queues: rows.inTurn(), recordsOf, limits });
        expectWithin(batch, limits);
        expect(batch.parts.length).toBeGreaterThan(0);
        if (round % 3 > 0 && failures.next().value === true) continue;
        sent.push(...batch.parts.flatMap((part) => part.records));
        rows.acknowledge(batch.parts);
      }
      expect(sent).toHaveLength(expected.size);
      expect(new Set(sent)).toEqual(expected);
      const last = new Map<string, number>();
      for (const { record } of sent) {
        expect(record.seq).toBeGreaterThanOrEqual(last.get(record.chatId) ?? 0);
        last.set(record.chatId, record.seq);
      }
    }),
  );
});

const one = (bytes: number, partition = 0, chat = 0): RowPlan => ({ chat, records: [{ partition, bytes }] });

test('[D16] a long backlog of one chat keeps no row of another chat out of the batch, be it in the same bucket or not', async () => {
  const rows = pendingOf([[...Array.from({ length: 64 }, () => one(300_000)), one(300, 3, 1)], [one(300, 1)], [one(300, 2)]]);
  const { parts } = await cutBatch({ queues: rows.inTurn(), recordsOf });
  expect(new Set(parts.map((part) => part.pending.row.chatId))).toEqual(new Set(['chat-0-0', 'chat-0-1', 'chat-1-0', 'chat-2-0']));
});

test('[D16] chats that each fill a batch take turns, a row that spans several included', async () => {
  const rows = pendingOf([0, 1, 2].map((bucket) => Array.from({ length: 3 }, () => one(bucket === 0 ? 9 << 20 : 5 << 20, bucket))));
  const order: string[] = [];
  while (rows.inTurn().length > 0) {
    const { parts } = await cutBatch({ queues: rows.inTurn(), recordsOf });
    order.push(...parts.map(({ pending: { row } }) => `${row.bucket}`));
    rows.acknowledge(parts);
  }
  expect(order.join('')).toBe('012012012');
});

test('[D11] a row larger than a batch spans several and is complete only with the last', async () => {
  const records = Array.from({ length: 84 }, (_, i) => ({ partition: i % 4, bytes: 200_000 }));
  const rows = pendingOf([[{ chat: 0, records }, one(300)]]);
  const batches: Batch[] = [];
  while (rows.inTurn().length > 0) {
    const batch = await cutBatch({ queues: rows.inTurn(), recordsOf });
    expectWithin(batch, batchLimits);
    batches.push(batch);
    rows.acknowledge(batch.parts);
  }
  const ofFirst = batches.flatMap(({ parts }) => parts.filter((part) => part.pending.row.seq === 1));
  expect(ofFirst.length).toBeGreaterThan(1);
  expect(ofFirst.map((part) => part.isLast)).toEqual(ofFirst.map((_, i) => i === ofFirst.length - 1));
});

test('a row without recipients is complete without a record', async () => {
  const rows = pendingOf([[{ chat: 0, records: [] }]]);
  const { parts } = await cutBatch({ queues: rows.inTurn(), recordsOf });
  expect(parts.map(({ records, isLast }) => ({ records, isLast }))).toEqual([{ records: [], isLast: true }]);
});

test('[D11] signals go along only where rows left room', async () => {
  const signal: SizedRecord = {
    record: { partition: 0, recipients: ['ada'], chatId: 'chat', seq: 0, event: 'signal.read', value },
    bytes: 100,
  };
  const limits = { rows: 5, records: 2, bytes: 1_000, bytesPerPartition: 1_000 };
  const full = await cutBatch({ queues: pendingOf([[one(1), one(1)]]).inTurn(), recordsOf, signals: [signal], limits });
  const free = await cutBatch({ queues: pendingOf([[one(1)]]).inTurn(), recordsOf, signals: [signal, signal], limits });
  expect([full.signals.length, free.signals.length]).toEqual([0, 1]);
});
