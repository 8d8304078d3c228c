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

const nobody: readonly string[] = [];

/** The headers of a record as the relay writes them, each once. Used again for record after record: reading allocates nothing else. */
export class PlainHeaders {
  recipients = nobody;
  chatId = '';
  event = '';
  traceparent: string | undefined = undefined;
  seq = -1;
  #nameFrom = 0;
  #nameTo = 0;
  #valueFrom = 0;
  #valueTo = 0;

  /** False: one of them is missing, comes twice, or cannot be read. */
  read(cursor: RecordCursor, from: number): boolean {
    this.traceparent = undefined;
    cursor.at = from;
    let seen = 0;
    for (let left = cursor.varint(); left > 0; left -= 1) {
      const bit = this.#step(cursor) ? this.#take(cursor.bytes) : -1;
      if (bit < 0 || (seen & bit) !== 0) return false;
      seen |= bit;
    }
    return (seen & required) === required;
  }

  /** Where the next one lies; false: it has no name or no value, or the bytes end before it does. */
  #step(cursor: RecordCursor): boolean {
    this.#nameFrom = cursor.skipBytes();
    this.#nameTo = cursor.at;
    this.#valueFrom = cursor.skipBytes();
    this.#valueTo = cursor.at;
    return this.#nameFrom >= 0 && this.#valueFrom >= 0 && !cursor.isBeyond();
  }

  /** Its bit; 0 for a foreign one, -1 for one that cannot be read. */
  #take(bytes: Buffer): number {
    const from = this.#valueFrom;
    const to = this.#valueTo;
    if (this.#is(bytes, names.recipients)) {
      const recipients = texts.recipients.read(bytes, from, to);
      this.recipients = recipients ?? nobody;
      return recipients === undefined ? -1 : bits.recipients;
    }
    if (this.#is(bytes, names.chatId)) {
      this.chatId = texts.chat.read(bytes, from, to) ?? '';
      return bits.chatId;
    }
    if (this.#is(bytes, names.seq)) {
      this.seq = readDigits(bytes, from, to);
      return this.seq < 0 ? -1 : bits.seq;
    }
    if (this.#is(bytes, names.event)) {
      this.event = texts.event.read(bytes, from, to) ?? '';
      return bits.event;
    }
    if (!this.#is(bytes, names.traceparent)) return 0;
    this.traceparent = readText(bytes, from, to);
    return bits.traceparent;
  }

  #is(bytes: Buffer, name: Buffer): boolean {
    const from = this.#nameFrom;
    if (this.#nameTo - from !== name.length) return false;
    for (let at = 0; at < name.length; at += 1) if (bytes[from + at] !== name[at]) return false;
    return true;
  }
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
