import { EventLogError, type EventLogWriter, type LogRecord } from '@carillon/event-log';
import type { Batch, BatchPart } from './cut-batch.ts';
import { encodeWatermarkFrame } from './watermark-frame.ts';

/** Told about each row whose event the log refuses for its size. */
export type OnTooLarge = (part: BatchPart) => void;

/**
 * Appends a batch; resolves when the log has acknowledged all of it, rejects on a failure that may pass.
 * A batch that is refused for its size is halved down to the row; a row refused even alone leaves as a `watermark`, so that no
 * row stops its bucket [D11]. Order is kept throughout [M3]. Signals go along at the first try only.
 */
export async function appendParts(writer: EventLogWriter, { parts, signals }: Batch, onTooLarge: OnTooLarge): Promise<void> {
  const records = parts.flatMap((part) => part.records.map(({ record }) => record));
  const all = [...records, ...signals.map(({ record }) => record)];
  if (all.length === 0 || (await isAccepted(writer, all))) return;
  const [only] = parts;
  if (parts.length > 1) {
    const half = parts.length >> 1;
    await appendParts(writer, { parts: parts.slice(0, half), signals: [] }, onTooLarge);
    await appendParts(writer, { parts: parts.slice(half), signals: [] }, onTooLarge);
  } else if (only !== undefined && signals.length > 0) {
    await appendParts(writer, { parts, signals: [] }, onTooLarge);
  } else if (only !== undefined) {
    onTooLarge(only);
    const value = encodeWatermarkFrame(only.pending.row);
    const watermarks = records.map((record) => ({ ...record, value }));
    await appendWatermarks(writer, watermarks);
  }
}

/** Halves records, then their recipients. What is refused with a single recipient is a log that takes nothing: heads checks find it. */
async function appendWatermarks(writer: EventLogWriter, records: readonly LogRecord[]): Promise<void> {
  if (await isAccepted(writer, records)) return;
  for (const half of halves(records)) await appendWatermarks(writer, half);
}

function halves(records: readonly LogRecord[]): LogRecord[][] {
  const [first] = records;
  if (first === undefined) return [];
  if (records.length > 1) return [records.slice(0, records.length >> 1), records.slice(records.length >> 1)];
  const { recipients } = first;
  if (recipients.length < 2) return [];
  const half = recipients.length >> 1;
  return [[{ ...first, recipients: recipients.slice(0, half) }], [{ ...first, recipients: recipients.slice(half) }]];
}

async function isAccepted(writer: EventLogWriter, records: readonly LogRecord[]): Promise<boolean> {
  try {
    await writer.append(records);
    return true;
  } catch (error) {
    if (error instanceof EventLogError && error.tooLarge) return false;
    throw error;
  }
}
