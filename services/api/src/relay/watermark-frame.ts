import type { WatermarkFrame } from '@carillon/protocol';

/** The `watermark` frame's bytes: what a row too large for the event log leaves as, so that its recipients fetch the event [D11]. */
export function encodeWatermarkFrame(row: { readonly chatId: string; readonly seq: number }): Buffer {
  const frame: WatermarkFrame = { type: 'watermark', chat_id: row.chatId, seq: row.seq };
  return Buffer.from(JSON.stringify(frame));
}
