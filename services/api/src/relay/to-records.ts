import type { LogRecord } from '@carillon/event-log';
import type { OutboxRow } from '@carillon/store';
import { encodeEventFrame } from './event-frame.ts';
import type { RecipientGroup } from './group-by-partition.ts';

/** A record with what it weighs on the wire: value, key, headers, framing. */
export type SizedRecord = { readonly record: LogRecord; readonly bytes: number };

/** Chat id, seq, event and traceparent headers, their names, and Kafka's own framing of a record, rounded up. */
const framingBytes = 320;

/** One record per group, all with the same value Buffer [D10]. */
export function toRecords(row: OutboxRow, groups: readonly RecipientGroup[]): SizedRecord[] {
  if (groups.length === 0) return [];
  const value = encodeEventFrame(row);
  const { chatId, seq, event } = row;
  const traceparent = row.traceparent ?? undefined;
  return groups.map((group) =>
    weighRecord(group, { partition: group.partition, recipients: group.recipients, chatId, seq, event, traceparent, value }),
  );
}

/** The estimate that keeps an append within its bounds [D11]; above the real size, never below. */
export function weighRecord(group: RecipientGroup, record: LogRecord): SizedRecord {
  return { record, bytes: record.value.length + group.bytes + framingBytes };
}
