import type { OutboxRow } from '@carillon/store';

/** What of an outbox row stands in its frame. */
export type FramedEvent = Pick<OutboxRow, 'event' | 'chatId' | 'seq' | 'actorId' | 'at' | 'data'>;

/**
 * The `event` frame's bytes, which every recipient gets as they are [D10]. `data` is put in as the text it was read as and
 * is never parsed; keys come in the contract's order.
 */
export function encodeEventFrame(row: FramedEvent): Buffer {
  return Buffer.from(
    `{"type":"event","event":"${row.event}","chat_id":"${row.chatId}","seq":${row.seq},` +
      `"actor_id":${JSON.stringify(row.actorId)},"at":"${row.at}","data":${row.data}}`,
  );
}
