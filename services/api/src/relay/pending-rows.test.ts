import type { OutboxRead, OutboxRow } from '@carillon/store';
import { expect, test } from 'vitest';
import { outboxRow } from './outbox-row.fixture.ts';
import { PendingRows } from './pending-rows.ts';

const none = '00000000-0000-0000-0000-000000000000';
const rowsOf = (bucket: number, chatId: string, count: number, data = '{}'): OutboxRow[] =>
  Array.from({ length: count }, (_, n) => outboxRow({ bucket, chatId, seq: n + 1, data }));
const shape = ({ buckets, heldChats }: OutboxRead) => [buckets.map(({ bucket, rows, afterChat }) => [bucket, rows, afterChat]), heldChats];
const send = (rows: PendingRows, chatId: string, count: number) => {
  const queue = rows.inTurn().find(([oldest]) => oldest?.row.chatId === chatId) ?? [];
  rows.acknowledge(queue.slice(0, count).map((pending) => ({ pending, records: [], isLast: true })));
};

test('[D16] a bucket is read on while rows of some of its chats are held: those chats are passed over until their rows are gone', () => {
  const rows = new PendingRows();
  expect(shape(rows.nextRead([3]))).toEqual([[[3, 128, none]], []]);
  rows.add([...rowsOf(3, 'a', 16), ...rowsOf(3, 'b', 2)], rows.nextRead([3]), 0);
  expect(shape(rows.nextRead([3, 4]))).toEqual([[[3, 110, none], [4, 128, none]], ['a', 'b']]); // biome-ignore format: one read a line
  send(rows, 'b', 2);
  send(rows, 'a', 3);
  const read = rows.nextRead([3]);
  expect(shape(read)).toEqual([[[3, 115, none]], ['a']]);
  expect(read.acknowledged?.length).toBe(5);
  expect(rows.nextRead([3]).acknowledged).toEqual([]);
});

test('what is held of a bucket is bounded in rows and in bytes', () => {
  const rows = new PendingRows();
  rows.add([...rowsOf(1, 'a', 128), ...rowsOf(2, 'b', 2, 'x'.repeat(1 << 20)), ...rowsOf(5, 'c', 1)], { buckets: [] }, 0);
  expect(shape(rows.nextRead([1, 2, 5]))).toEqual([[[5, 127, none]], ['a', 'b', 'c']]);
});

test('[D16] the next read of a bucket with more chats than one takes begins behind them, then from the start again', () => {
  const rows = new PendingRows();
  const fill = (chats: readonly string[]) => {
    const read = rows.nextRead([7]);
    return [read.buckets[0]?.afterChat, rows.add(chats.map((chatId) => outboxRow({ bucket: 7, chatId })), read, 0)]; // biome-ignore format: short
  };
  const empty = () => rows.acknowledge(rows.inTurn().flatMap((queue) => queue.map((pending) => ({ pending, records: [], isLast: true }))));
  const many = Array.from({ length: 128 }, (_, n) => `c${String(n).padStart(3, '0')}`);
  expect(fill(many)).toEqual([none, false]);
  empty();
  expect(fill(['d', 'e'])).toEqual(['c127', true]);
  expect(fill(['c000'])).toEqual([none, false]);
});

test('[D16] also behind a read that was cut for its bytes: who is large and always first keeps nobody out', () => {
  const rows = new PendingRows();
  const read = rows.nextRead([7]);
  expect(read.buckets[0]?.bytes).toBe(512 << 10);
  rows.add(
    ['a', 'b'].flatMap((chatId) => rowsOf(7, chatId, 1, 'x'.repeat(256 << 10))),
    read,
    0,
  );
  expect(rows.nextRead([7]).buckets[0]?.afterChat).toBe('b');
});

test('rows and places of buckets that are not own any more are forgotten', () => {
  const rows = new PendingRows();
  rows.add([...rowsOf(1, 'a', 128), ...rowsOf(2, 'b', 1)], rows.nextRead([1]), 0);
  rows.keepOnly(new Set([2]));
  expect(shape(rows.nextRead([1, 2]))).toEqual([[[1, 128, none], [2, 127, none]], ['b']]); // biome-ignore format: one read a line
});
