import { OutgoingFrame } from './outgoing-frame.ts';

/** Which events a connection was not sent: per chat, the last `seq` of them. What it takes as frames is bounded by its owner. */
export class WithheldEvents {
  readonly #lastSeq = new Map<string, number>();
  #bytes = 0;

  get chats(): number {
    return this.#lastSeq.size;
  }

  /** What the watermarks will take at most. */
  get bytes(): number {
    return this.#bytes;
  }

  add(frame: OutgoingFrame): void {
    const known = this.#lastSeq.get(frame.chatId);
    if (known === undefined) this.#bytes += watermarkBytes(frame.chatId);
    if (known === undefined || known < frame.seq) this.#lastSeq.set(frame.chatId, frame.seq);
  }

  /** One per chat. */
  watermarks(): OutgoingFrame[] {
    return Array.from(this.#lastSeq, ([chat_id, seq]) => OutgoingFrame.of({ type: 'watermark', chat_id, seq }));
  }
}

/** What `{"type":"watermark","chat_id":"…","seq":…}` takes with a `seq` of 16 digits. */
function watermarkBytes(chatId: string): number {
  return 57 + chatId.length;
}
