import type { Clock } from '@carillon/runtime';

/** What a connection is to the list. `flush` returns true when some is left for the next turn. */
export type Flushable = { isDirty: boolean; flush(nowMs: number): boolean };

/** Flushes of one turn: about 1.5 ms of system calls. */
const maxFlushes = 256;

/**
 * Connections with something to send. Whoever pushed marks; the turn flushes, so that all that came for one connection meanwhile
 * leaves in one write. Bound: one entry per connection. It waits for no socket: one that takes no more is marked again when it drains.
 */
export class FlushList {
  readonly #clock: Clock;
  readonly #requestTurn: () => void;
  #dirty: Flushable[] = [];
  #head = 0;

  constructor(clock: Clock, requestTurn: () => void) {
    this.#clock = clock;
    this.#requestTurn = requestTurn;
  }

  get length(): number {
    return this.#dirty.length - this.#head;
  }

  mark(connection: Flushable): void {
    if (connection.isDirty) return;
    connection.isDirty = true;
    this.#dirty.push(connection);
    this.#requestTurn();
  }

  /** Flushes the connections that were marked before the turn, oldest mark first. True: some are left. */
  flushTurn(endMs: number): boolean {
    const count = Math.min(this.length, maxFlushes);
    const nowMs = this.#clock.nowMs();
    for (let flushed = 0; flushed < count; flushed += 1) {
      this.#flushNext(nowMs);
      if ((flushed & 15) === 15 && this.#clock.monotonicMs() >= endMs) break;
    }
    this.#trim();
    return this.length > 0;
  }

  #flushNext(nowMs: number): void {
    const connection = this.#dirty[this.#head];
    this.#head += 1;
    if (connection === undefined) return;
    connection.isDirty = false;
    if (connection.flush(nowMs)) this.mark(connection);
  }

  #trim(): void {
    if (this.#head === 0) return;
    this.#dirty = this.#head === this.#dirty.length ? [] : this.#dirty.slice(this.#head);
    this.#head = 0;
  }
}
