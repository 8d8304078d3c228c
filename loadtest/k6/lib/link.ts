import { setTimeout } from 'k6/timers';
import { isEvent } from './event-frame.ts';
import { count } from './metrics.ts';
import { openSocket } from './socket.ts';

export type Ready = { readonly shard_id: string; readonly resumed: boolean };
export type Advice = { readonly url: string; readonly ticket: string; readonly not_before_ms: number };
type OtherFrame =
  | ({ readonly type: 'ready' } & Ready)
  | ({ readonly type: 'reconnect' } & Advice)
  | { readonly type: 'heartbeat'; readonly sent: number; readonly pos?: string }
  | { readonly type: 'resync'; readonly reason: string }
  | { readonly type: 'watermark'; readonly chat_id: string; readonly seq: number }
  | { readonly type: 'signal' | 'pong' | 'authenticated' };

export type LinkListener = {
  opened(atMs: number): void;
  ready(link: Link, frame: Ready, atMs: number): void;
  event(link: Link, frame: string, atMs: number): void;
  advised(advice: Advice, atMs: number): void;
  /** Something may be missing up to `seq`, or (undefined) in any chat. */
  incomplete(seq: number | undefined): void;
  closed(link: Link, code: number | undefined, atMs: number): void;
  /** Open, but k6 has lost its first frame: it drops what arrives before it has told that the socket is open. The link is let go. */
  deaf(): void;
};

const readyWithinMs = 5_000;

/** One connection of a reader: its frames by type, the order of its events, its count of frames, its resume position. */
export class Link {
  readonly #listener: LinkListener;
  readonly #socket: { close(code: number): void };
  #frames = 0;
  isOpen = false;
  isReady = false;
  /** Closed by this reader: its end is no news. */
  isLetGo = false;
  /** The last event's `seq` on this connection. */
  lastSeq = 0;
  pos: string | undefined;

  constructor(url: string, ticket: string, listener: LinkListener) {
    this.#listener = listener;
    this.#socket = openSocket(url, ticket, {
      opened: (atMs) => {
        this.isOpen = true;
        listener.opened(atMs);
        setTimeout(() => this.#requireReady(), readyWithinMs);
      },
      received: (frame, atMs) => this.#receive(frame, atMs),
      closed: (code, atMs) => {
        listener.closed(this, code, atMs);
        this.isOpen = false;
      },
    });
  }

  close(): void {
    this.isLetGo = true;
    this.#socket.close(1000);
  }

  /** `ready` is the first frame: another one before it means that it was lost on this side. */
  #requireReady(): void {
    if (this.isReady || this.isLetGo || !this.isOpen) return;
    count.readyDropped.add(1);
    this.close();
    this.#listener.deaf();
  }

  #receive(frame: string, atMs: number): void {
    if (!this.isReady && !frame.startsWith('{"type":"ready"')) this.#requireReady();
    else if (isEvent(frame)) {
      this.#frames += 1;
      this.#listener.event(this, frame, atMs);
    } else this.#receiveOther(JSON.parse(frame), atMs);
  }

  #receiveOther(frame: OtherFrame, atMs: number): void {
    if (frame.type === 'heartbeat') this.#compare(frame);
    else if (frame.type === 'ready') {
      this.isReady = true;
      this.#listener.ready(this, frame, atMs);
    } else if (frame.type !== 'pong') {
      this.#frames += 1;
      this.#receiveCounted(frame, atMs);
    }
  }

  #receiveCounted(frame: OtherFrame, atMs: number): void {
    if (frame.type === 'reconnect') this.#listener.advised(frame, atMs);
    if (frame.type === 'watermark') {
      count.watermarks.add(1);
      this.#listener.incomplete(frame.seq);
    }
    if (frame.type === 'resync') {
      count.resyncs.add(1, { reason: frame.reason });
      if (frame.reason !== 'degraded') this.#listener.incomplete(undefined);
    }
  }

  /** The server's count against ours: the last frame before a silence cannot be lost unnoticed. */
  #compare({ sent, pos }: { sent: number; pos?: string }): void {
    this.pos = pos ?? this.pos;
    if (sent === this.#frames) return;
    count.miscounted.add(Math.abs(sent - this.#frames));
    this.#frames = sent;
    this.#listener.incomplete(undefined);
  }
}
