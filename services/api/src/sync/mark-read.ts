import type { ReadPosition } from '@carillon/protocol';
import { type Database, markRead } from '@carillon/store';
import { requireOk } from '../require-ok.ts';

/** The way of signals, which may be lost: never waited for. */
export type ReadSignals = { sendRead(signal: { chatId: string; userId: string; messageNo: number; recipients: string[] }): void };

type MarkReadParts = { readonly database: Database; readonly signals: ReadSignals };

/** Moves the caller's read position forward, and tells their other connections and, in a direct chat, the other side. */
export async function moveReadPosition(
  { database, signals }: MarkReadParts,
  command: { chatId: string; userId: string; messageNo: number },
): Promise<ReadPosition> {
  const { chatId, userId } = command;
  const { readMessageNo, moved, directPeerId } = requireOk(await markRead(database, command));
  const recipients = directPeerId === null ? [userId] : [userId, directPeerId];
  if (moved) signals.sendRead({ chatId, userId, messageNo: readMessageNo, recipients });
  return { read_message_no: readMessageNo };
}
