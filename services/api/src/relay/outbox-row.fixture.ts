import type { OutboxRow } from '@carillon/store';

/** A row as a test needs it: what it does not name has a plain value. */
export function outboxRow(row: Partial<OutboxRow> = {}): OutboxRow {
  const data = row.data ?? '{"message": {}}';
  return {
    bucket: 0,
    chatId: '0197f3a0-0000-7000-8000-000000000000',
    seq: 1,
    event: 'message.created',
    actorId: 'ada',
    at: '2026-01-02T03:04:05.678Z',
    atMs: Date.parse('2026-01-02T03:04:05.678Z'),
    data,
    bytes: Buffer.byteLength(data),
    memberVersion: 1,
    traceparent: null,
    ...row,
  };
}
