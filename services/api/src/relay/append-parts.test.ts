import type { LogRecord } from '@carillon/event-log';
import { expect, test } from 'vitest';
import { appendParts } from './append-parts.ts';
import type { BatchPart } from './cut-batch.ts';
import { outboxRow } from './outbox-row.fixture.ts';
import { ScriptedWriter } from './scripted-writer.fixture.ts';

function refusing(refuses: (records: readonly LogRecord[]) => boolean): ScriptedWriter {
  const writer = new ScriptedWriter();
  writer.judge = (records) => (refuses(records) ? 'too large' : 'ok');
  return writer;
}

function partOf(seq: number, records = 2): BatchPart {
  const row = outboxRow({ seq });
  const record = (partition: number) => ({
    record: { partition, recipients: ['ada', 'bob'], chatId: row.chatId, seq, event: row.event, value: Buffer.from(`event ${seq}`) },
    bytes: 100,
  });
  return {
    pending: { row, readAtMs: 0, sent: 0 },
    records: Array.from({ length: records }, (_, partition) => record(partition)),
    isLast: true,
  };
}

const isEvent = (record: LogRecord) => record.value.toString().startsWith('event');
const signal = {
  record: { partition: 0, recipients: ['ada'], chatId: 'c', seq: 0, event: 'signal.read', value: Buffer.from('s') },
  bytes: 1,
};

test('[D11] a row too large even alone leaves as a watermark; its neighbours leave as they are, in order', async () => {
  const writer = refusing((records) => records.some((record) => isEvent(record) && record.seq === 3));
  const tooLarge: number[] = [];
  await appendParts(writer, { parts: [1, 2, 3, 4, 5].map((seq) => partOf(seq)), signals: [signal] }, (part) => {
    tooLarge.push(part.pending.row.seq);
  });
  expect(tooLarge).toEqual([3]);
  expect(writer.kept.map(({ seq }) => seq)).toEqual([1, 1, 2, 2, 3, 3, 4, 4, 5, 5]);
  const third = writer.kept.filter(({ seq }) => seq === 3);
  expect(third.map(({ value }) => JSON.parse(value.toString()))).toEqual(
    third.map(({ chatId }) => ({ type: 'watermark', chat_id: chatId, seq: 3 })),
  );
  expect(third.map(({ recipients }) => recipients)).toEqual([
    ['ada', 'bob'],
    ['ada', 'bob'],
  ]);
});

test('[D11] a log that takes one recipient at a time still gets every watermark', async () => {
  const writer = refusing((records) => records.length > 1 || records.some((record) => isEvent(record) || record.recipients.length > 1));
  await appendParts(writer, { parts: [partOf(1)], signals: [] }, () => undefined);
  expect(writer.kept.map(({ partition, recipients }) => [partition, ...recipients])).toEqual([
    [0, 'ada'],
    [0, 'bob'],
    [1, 'ada'],
    [1, 'bob'],
  ]);
});

test('[D4] a failure that may pass is the caller’s: nothing counts as appended', async () => {
  const failing = new ScriptedWriter();
  failing.judge = () => 'lost';
  await expect(appendParts(failing, { parts: [partOf(1)], signals: [] }, () => undefined)).rejects.toThrow('lost');
});

test('signals alone are appended; a batch of rows without recipients appends nothing', async () => {
  const writer = refusing((records) => records.length === 0);
  await appendParts(writer, { parts: [], signals: [signal] }, () => undefined);
  await appendParts(writer, { parts: [partOf(1, 0)], signals: [] }, () => undefined);
  expect(writer.kept.map(({ event }) => event)).toEqual(['signal.read']);
});
