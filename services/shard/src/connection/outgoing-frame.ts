import type { ReceivedRecord } from '@carillon/event-log';
import type { ServerFrame } from '@carillon/protocol';

/** The server frames of the contract: also the label `type` of `carillon_ws_frames_sent_total`. */
export type FrameKind = ServerFrame['type'];

/** When a frame came to this shard, and when its event was committed by the database's clock, 0 where that is not known. */
export type FrameWay = { readonly receivedAtMs: number; readonly committedAtMs: number };

/**
 * A frame on its way to one or many connections: the bytes are the same for all [D10]. Bytes of a record may be a view into a
 * whole fetch of megabytes, so whoever keeps them beyond the turn calls `keep` first.
 */
export class OutgoingFrame {
  readonly kind: FrameKind;
  /** The chat and `seq` that a watermark would stand for; `seq` 0 where there is none. */
  readonly chatId: string;
  readonly seq: number;
  bytes: Buffer;
  #isKept: boolean;
  /** Of the few whose way is measured; taken away by the first hand-over. Two numbers in each frame took 48 bytes. */
  way: FrameWay | undefined;

  constructor(options: { kind: FrameKind; chatId: string; seq: number; bytes: Buffer; isKept: boolean }) {
    this.kind = options.kind;
    this.chatId = options.chatId;
    this.seq = options.seq;
    this.bytes = options.bytes;
    this.#isKept = options.isKept;
  }

  /** The record's value as it came: never parsed. */
  static ofRecord(record: Pick<ReceivedRecord, 'chatId' | 'seq' | 'event' | 'value'>): OutgoingFrame {
    return new OutgoingFrame({ kind: kindOf(record.event), chatId: record.chatId, seq: record.seq, bytes: record.value, isKept: false });
  }

  /** A frame that this shard makes for one connection. */
  static of(frame: ServerFrame): OutgoingFrame {
    return new OutgoingFrame({ kind: frame.type, chatId: '', seq: 0, bytes: Buffer.from(JSON.stringify(frame)), isKept: true });
  }

  /** Copies the bytes, once for all that share them, so that they pin nothing but themselves. */
  keep(): void {
    if (this.#isKept) return;
    this.bytes = Buffer.from(this.bytes);
    this.#isKept = true;
  }
}

function kindOf(event: string): FrameKind {
  if (event === 'watermark' || event === 'resync') return event;
  return event.startsWith('signal.') ? 'signal' : 'event';
}
