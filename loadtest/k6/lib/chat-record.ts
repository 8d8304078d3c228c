/** What became of one event at one reader. */
export type Sighting = 'new' | 'late' | 'seen';

/**
 * Which events of a chat one reader has: everything up to `top` but the holes. A reader counts an event once, however often and
 * by whichever way it comes.
 */
export class ChatRecord {
  readonly base: number;
  readonly #holes = new Set<number>();
  #top: number;

  constructor(base: number) {
    this.base = base;
    this.#top = base;
  }

  get top(): number {
    return this.#top;
  }

  get holes(): number {
    return this.#holes.size;
  }

  /** The last event before the first hole. */
  get completeUpTo(): number {
    return this.#holes.size === 0 ? this.#top : Math.min(...this.#holes) - 1;
  }

  see(seq: number): Sighting {
    if (seq > this.#top) {
      for (let missing = this.#top + 1; missing < seq; missing += 1) this.#holes.add(missing);
      this.#top = seq;
      return 'new';
    }
    return this.#holes.delete(seq) ? 'late' : 'seen';
  }

  /** A snapshot contains all events up to its `seq`; returns how many were not known. */
  seeUpTo(seq: number): number {
    const filled = [...this.#holes].filter((hole) => hole <= seq);
    for (const hole of filled) this.#holes.delete(hole);
    const passed = Math.max(0, seq - this.#top);
    this.#top = Math.max(this.#top, seq);
    return filled.length + passed;
  }

  /** How many of the events up to `seq` never came. */
  missing(seq: number): number {
    return [...this.#holes].filter((hole) => hole <= seq).length + Math.max(0, seq - this.#top);
  }
}
