import type { Message, PendingMessage } from '@carillon/client';
import { isSameDay } from '../text/times.ts';

/** What stands in a chat: a message, or one of one's own that is on its way. */
export type TimelineRow = Message | PendingMessage;

/** How a row follows the one above it. */
export type RowPlace = { readonly startsDay: boolean; readonly startsGroup: boolean };

const groupMs = 5 * 60_000;

export function isPending(row: TimelineRow): row is PendingMessage {
  return 'state' in row;
}

/** The same for a pending message and for the one that replaces it: the row stays where it is. */
export function rowKey(row: TimelineRow, userId: string): string {
  return `${senderOf(row, userId)}/${row.client_message_id}`;
}

function senderOf(row: TimelineRow, userId: string): string {
  return isPending(row) ? userId : row.sender_id;
}

/** Messages of one sender within five minutes stand together. */
export function placeOf(row: TimelineRow, before: TimelineRow | undefined, userId: string): RowPlace {
  const startsDay = before === undefined || !isSameDay(before.date, row.date);
  const isSameSender = before !== undefined && senderOf(before, userId) === senderOf(row, userId);
  const isSoon = before !== undefined && Date.parse(row.date) - Date.parse(before.date) < groupMs;
  return { startsDay, startsGroup: startsDay || !isSameSender || !isSoon };
}
