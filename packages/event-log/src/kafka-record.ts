import type { IHeaders, KafkaMessage, Message } from 'kafkajs';
import type { LogRecord, ReceivedRecord } from './event-log.ts';
import { FetchedRecord } from './fetched-record.ts';
import { parseRecipients } from './recipients-header.ts';

/** The record as kafkajs sends it: the first recipient is the key, the partition is ours, not the client's choice [R1]. */
export function toKafkaMessage(record: LogRecord): Message {
  const headers: IHeaders = {
    recipients: JSON.stringify(record.recipients),
    chat_id: record.chatId,
    seq: String(record.seq),
    event: record.event,
  };
  if (record.traceparent !== undefined) headers['traceparent'] = record.traceparent;
  return { key: record.recipients[0] ?? '', value: record.value, partition: record.partition, headers };
}

const nothing = Buffer.alloc(0);

/**
 * The record as the log has it; throws when its headers cannot be read. The value is never looked into [D10], and pins no more memory
 * than its record batch.
 */
export function fromKafkaMessage(message: KafkaMessage, partition: number, generation: number): ReceivedRecord {
  if (isFetched(message) && message.readPlain(partition, generation)) return message;
  return fromHeaders(message, partition, generation);
}

/** kafkajs's types do not know what the fetch patch gives instead of its own messages. */
function isFetched(message: object): message is FetchedRecord {
  return message instanceof FetchedRecord;
}

function fromHeaders(message: KafkaMessage, partition: number, generation: number): ReceivedRecord {
  const { headers = {}, value } = message;
  if (value === null) throw new Error('the record has no value');
  const traceparent = headers['traceparent'];
  return {
    partition,
    recipients: parseRecipients(text(headers, 'recipients')),
    chatId: text(headers, 'chat_id'),
    seq: parseSeq(text(headers, 'seq')),
    event: text(headers, 'event'),
    traceparent: traceparent === undefined ? undefined : traceparent.toString(),
    // What kafkajs decoded itself is a view into its whole fetch of megabytes.
    value: isFetched(message) ? value : Buffer.from(value),
    offset: Number(message.offset),
    appendedAtMs: Number(message.timestamp),
    generation,
  };
}

/** What is left of a record that cannot be read: its place, and whom it was for. Throws when not even that can be read. */
export function fromDamagedMessage(message: KafkaMessage, partition: number, generation: number): ReceivedRecord {
  const recipients = parseRecipients(text(message.headers ?? {}, 'recipients'));
  const place = { partition, offset: Number(message.offset), appendedAtMs: Number(message.timestamp), generation };
  return { ...place, recipients, chatId: '', seq: 0, event: '', value: nothing };
}

function text(headers: IHeaders, name: string): string {
  const header = headers[name];
  if (header === undefined || Array.isArray(header)) throw new Error(`the record has no header ${name}`);
  return header.toString();
}

function parseSeq(seq: string): number {
  const number = Number(seq);
  if (seq === '' || !Number.isSafeInteger(number) || number < 0) throw new Error('the header seq is no number');
  return number;
}
