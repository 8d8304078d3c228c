/** How an event of a chat came: pushed, or fetched over HTTP because it had not been. */
type Arrival = 'new' | 'known';

/**
 * What of one chat has come to this tab, by any way: all up to a number, and some above. So it is seen from outside what the SDK
 * has to repair: holes, and what comes twice. Above the number at most 2,000 are remembered.
 */
export class SeqTracker {
  #upTo: number | undefined;
  readonly #above = new Set<number>();

  /** One event came. The first one says where watching begins. */
  came(seq: number): Arrival {
    if (this.#upTo === undefined) this.#upTo = seq - 1;
    if (seq <= this.#upTo || this.#above.has(seq)) return 'known';
    this.#above.add(seq);
    this.#advance();
    return 'new';
  }

  /** An answer holds the effect of every event up to here. Answers how many of them had not come before. */
  isComplete(upTo: number): number {
    if (this.#upTo === undefined) {
      this.#upTo = upTo;
      return 0;
    }
    const before = this.#upTo;
    if (upTo <= before) return 0;
    const came = [...this.#above].filter((seq) => seq <= upTo);
    for (const seq of came) this.#above.delete(seq);
    this.#upTo = upTo;
    this.#advance();
    return upTo - before - came.length;
  }

  /** Events that are known to exist, because later ones came, and are not here yet. */
  get holes(): number {
    if (this.#upTo === undefined || this.#above.size === 0) return 0;
    return Math.max(...this.#above) - this.#upTo - this.#above.size;
  }

  #advance(): void {
    let upTo = this.#upTo ?? 0;
    while (this.#above.delete(upTo + 1)) upTo += 1;
    if (this.#above.size > maxAbove) upTo = Math.max(...this.#above);
    if (this.#above.size > maxAbove) this.#above.clear();
    this.#upTo = upTo;
  }
}

const maxAbove = 2_000;
