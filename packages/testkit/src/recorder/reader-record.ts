import type { Event, ServerFrame } from '@carillon/protocol';

/** An event as one connection was pushed it. */
export type Push = { readonly connection: number; readonly atMs: number; readonly chatId: string; readonly seq: number };

/** What a reader saw besides its timelines. Times are monotonic. */
export class ReaderRecord {
  readonly pushes: Push[] = [];
  /** Events that HTTP answered, as `chat seq`. */
  readonly fetched = new Set<string>();
  readonly closes: { readonly atMs: number; readonly code: number; readonly connection: number }[] = [];
  readonly readyAtMs: number[] = [];
  readonly frames: { readonly atMs: number; readonly connection: number; readonly type: ServerFrame['type'] }[] = [];
  readonly resyncs: string[] = [];
  /** What a correct client must never meet: a code to stop at, an answer against the contract. */
  readonly faults: string[] = [];
  watermarks = 0;
  /** Connections that began with the word that events may find no way to them. */
  degradedStarts = 0;
  /** Holes in what was pushed that had to be fetched. */
  gapFetches = 0;
  syncs = 0;
  /** Heads that were ahead of what had been pushed. */
  headsHits = 0;
  duplicates = 0;

  push(connection: number, event: Event): void {
    this.pushes.push({ connection, atMs: performance.now(), chatId: event.chat_id, seq: event.seq });
  }

  /** Something told the reader that it may not be pushed everything. */
  get isTold(): boolean {
    return this.resyncs.length > 0 || this.watermarks > 0 || this.degradedStarts > 0;
  }

  fetch(events: readonly Event[]): void {
    for (const event of events) this.fetched.add(`${event.chat_id} ${event.seq}`);
  }
}
