import { assert } from '@carillon/runtime';

/** Offsets below `head` are dropped from the list once there are this many of them. */
const compactAt = 4_096;

/**
 * One partition's progress under one assignment: which records are handed over, and up to where all of them are finished.
 * Bound: the records handed over and not finished, which the reader's water marks bound.
 * Invariants: `position` never passes an unfinished record and never moves back [D9]; both calls take constant time, amortised.
 */
export class CommitTracker {
  /** Offsets handed over, ascending, of which the first `#head` are finished without a hole. */
  #offsets: number[] = [];
  #head = 0;
  readonly #finishedEarly = new Set<number>();
  #next: number;

  /** `position`: the first offset that this assignment reads. */
  constructor(position: number) {
    this.#next = position;
  }

  /** The offset after the last record handed over. */
  get next(): number {
    return this.#next;
  }

  /** The lowest unfinished offset, or `next` when nothing is unfinished: what may be committed. */
  get position(): number {
    return this.#offsets[this.#head] ?? this.#next;
  }

  /** Records handed over and not finished. */
  get unfinished(): number {
    return this.#offsets.length - this.#head - this.#finishedEarly.size;
  }

  /** A record was handed over. Offsets ascend, not necessarily by 1. */
  hand(offset: number): void {
    assert(offset >= this.#next, 'records are handed over in offset order');
    this.#offsets.push(offset);
    this.#next = offset + 1;
  }

  /** A record that was handed over is finished. A second time it changes nothing. */
  finish(offset: number): void {
    if (offset < this.position || offset >= this.#next) return;
    if (offset !== this.#offsets[this.#head]) {
      this.#finishedEarly.add(offset);
      return;
    }
    this.#head += 1;
    while (this.#finishedEarly.delete(this.#offsets[this.#head] ?? -1)) this.#head += 1;
    this.#compact();
  }

  #compact(): void {
    if (this.#head < compactAt && this.#head < this.#offsets.length) return;
    this.#offsets = this.#offsets.slice(this.#head);
    this.#head = 0;
  }
}
