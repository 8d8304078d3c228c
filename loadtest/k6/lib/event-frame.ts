import { instance } from './settings.ts';

/** What is read of an `event` frame without parsing it: that would cost more than the rest of the work. */
export type EventHead = { readonly chatId: string; readonly seq: number };

const chatKey = '"chat_id":"';
const seqKey = '"seq":';
const idLength = 36;
const mark = '@load:';

export function isEvent(frame: string): boolean {
  return frame.startsWith('{"type":"event"');
}

export function headOf(frame: string): EventHead {
  const chatAt = frame.indexOf(chatKey) + chatKey.length;
  const seqAt = frame.indexOf(seqKey, chatAt + idLength) + seqKey.length;
  return { chatId: frame.slice(chatAt, chatAt + idLength), seq: Number.parseInt(frame.slice(seqAt, seqAt + 12), 10) };
}

/** A message's text says who sent it and when it was due. */
export function markedText(intendedMs: number, length: number): string {
  return `${mark}${instance}:${intendedMs.toFixed(2)}@`.padEnd(length, '·');
}

/** When the message in this frame or text was due; undefined for other content, or another generator's clock. */
export function intendedMsOf(text: string): number | undefined {
  const at = text.indexOf(mark);
  if (at === -1) return undefined;
  const start = at + mark.length;
  const colon = text.indexOf(':', start);
  if (text.slice(start, colon) !== instance) return undefined;
  return Number(text.slice(colon + 1, text.indexOf('@', colon)));
}
