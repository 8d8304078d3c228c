import type { Message } from '@carillon/protocol';

/** One try to send a message: what was answered, or why nothing was. Times are monotonic. */
export type Attempt = { readonly atMs: number; readonly endedAtMs: number; readonly status: number | 'timeout' | 'no answer' };

/**
 * A message that a writer wants sent, with all its tries under one `client_message_id`. `open` → `ok` (201 or 200) or `fail` (another
 * answer below 500: nothing may be stored); `info` = given up with the outcome unknown: stored once or not at all.
 */
export type Write = {
  readonly chatId: string;
  readonly senderId: string;
  readonly clientMessageId: string;
  readonly text: string;
  readonly attempts: Attempt[];
  outcome: 'open' | 'ok' | 'fail' | 'info';
  message: Message | undefined;
};

/** When the first try began. */
export function invokedAtMs(write: Write): number {
  return write.attempts[0]?.atMs ?? Number.POSITIVE_INFINITY;
}

/** When the answer came that settled it. */
export function answeredAtMs(write: Write): number {
  return write.attempts.at(-1)?.endedAtMs ?? Number.POSITIVE_INFINITY;
}
