import { LastText } from './last-text.ts';
import { parseRecipients, readOnlyRecipient } from './recipients-header.ts';
import type { RecordCursor } from './record-cursor.ts';

const names = {
  recipients: Buffer.from('recipients'),
  chatId: Buffer.from('chat_id'),
  seq: Buffer.from('seq'),
  event: Buffer.from('event'),
  traceparent: Buffer.from('traceparent'),
};
const bits = { recipients: 1, chatId: 2, seq: 4, event: 8, traceparent: 16 };
const required = bits.recipients | bits.chatId | bits.seq | bits.event;
/** Of numbers that are exact whatever their digits are. */
const maxDigits = 15;

const texts = { chat: new LastText(readText), event: new LastText(readText), recipients: new LastText(readRecipients) };

type Place = { readonly nameFrom: number; readonly nameTo: number; readonly valueFrom: number; readonly valueTo: number };

const nobody: readonly string[] = [];

/** The headers of a record as the relay writes them, each once. */
export class PlainHeaders {
  recipients = nobody;
  chatId = '';
  event = '';
  traceparent: string | undefined = undefined;
  seq = -1;
  /** A bit for each header that was there. */
  #seen = 0;

  /** False: one of them is missing, comes twice, or cannot be read. */
  read(cursor: RecordCursor, from: number): boolean {
    cursor.at = from;
    for (let left = cursor.varint(); left > 0; left -= 1) {
      const nameFrom = cursor.skipBytes();
      const nameTo = cursor.at;
      const valueFrom = cursor.skipBytes();
      if (nameFrom < 0 || valueFrom < 0 || cursor.isBeyond()) return false;
      const bit = this.#take(cursor.bytes, { nameFrom, nameTo, valueFrom, valueTo: cursor.at });
      if (bit < 0 || (this.#seen & bit) !== 0) return false;
      this.#seen |= bit;
    }
    return (this.#seen & required) === required;
  }

  /** The header's bit; 0 for a foreign one, -1 for one that cannot be read. */
  #take(bytes: Buffer, { nameFrom, nameTo, valueFrom, valueTo }: Place): number {
    if (isName(bytes, nameFrom, nameTo, names.recipients)) {
      const recipients = texts.recipients.read(bytes, valueFrom, valueTo);
      this.recipients = recipients ?? nobody;
      return recipients === undefined ? -1 : bits.recipients;
    }
    if (isName(bytes, nameFrom, nameTo, names.chatId)) {
      this.chatId = texts.chat.read(bytes, valueFrom, valueTo) ?? '';
      return bits.chatId;
    }
    if (isName(bytes, nameFrom, nameTo, names.seq)) {
      this.seq = readDigits(bytes, valueFrom, valueTo);
      return this.seq < 0 ? -1 : bits.seq;
    }
    if (isName(bytes, nameFrom, nameTo, names.event)) {
      this.event = texts.event.read(bytes, valueFrom, valueTo) ?? '';
      return bits.event;
    }
    if (!isName(bytes, nameFrom, nameTo, names.traceparent)) return 0;
    this.traceparent = readText(bytes, valueFrom, valueTo);
    return bits.traceparent;
  }
}

function isName(bytes: Buffer, from: number, to: number, name: Buffer): boolean {
  if (to - from !== name.length) return false;
  for (let at = 0; at < name.length; at += 1) if (bytes[from + at] !== name[at]) return false;
  return true;
}

/** -1: they are not only digits, or too many. */
function readDigits(bytes: Buffer, from: number, to: number): number {
  if (from === to || to - from > maxDigits) return -1;
  let number = 0;
  for (let at = from; at < to; at += 1) {
    const digit = (bytes[at] ?? 0) - 0x30;
    if (digit < 0 || digit > 9) return -1;
    number = number * 10 + digit;
  }
  return number;
}

function readText(bytes: Buffer, from: number, to: number): string {
  return bytes.toString('utf8', from, to);
}

function readRecipients(bytes: Buffer, from: number, to: number): readonly string[] | undefined {
  const only = readOnlyRecipient(bytes, from, to);
  if (only !== undefined) return [only];
  try {
    return parseRecipients(readText(bytes, from, to));
  } catch (_broken) {
    return undefined;
  }
}
