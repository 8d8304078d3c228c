import { CommitTracker } from './commit-tracker.ts';

/**
 * One assigned partition under one assignment: what was handed over, what is finished, what is committed. It also guards the
 * start of a fetch: kafkajs may hand over a batch that it fetched before a rejoin, and taking it would skip what lies before.
 */
export class PartitionReading {
  /** Where the group last stood for certain: what is below is finished. Undefined when another member may have read meanwhile. */
  readonly #floor: number | undefined;
  #tracker: CommitTracker | undefined;
  /** What the log has: `isKnown` when it was committed under this assignment, else the position that reading began at. */
  #committed = { offset: 0, isKnown: false };
  #refused: number | undefined;
  #highWatermark = 0;
  #isUntouched = true;

  constructor(floor: number | undefined) {
    this.#floor = floor;
  }

  /** The lowest unfinished offset; undefined while nothing is known of the position. */
  get position(): number | undefined {
    return this.#tracker?.position ?? this.#floor;
  }

  /** The next offset that should be fetched. */
  get next(): number | undefined {
    return this.#tracker?.next ?? this.#floor;
  }

  /** Records between what is committed and the end of the partition as of the last fetch; 0 before the first one. */
  get lag(): number {
    return Math.max(this.#highWatermark - this.#committed.offset, 0);
  }

  /**
   * Whether a batch that was fetched from this offset may be handed over. `refused`: it does not follow what was read, so it
   * is of an earlier assignment; when the same offset is fetched again, it is the log that jumped (`jumped`): its records
   * before that offset are gone, or it was made anew.
   */
  accept(fetchedOffset: number, highWatermark: number): 'expected' | 'refused' | 'jumped' {
    const isExpected = this.#isExpected(fetchedOffset);
    if (!isExpected && this.#refused !== fetchedOffset) {
      this.#refused = fetchedOffset;
      return 'refused';
    }
    this.#refused = undefined;
    this.#highWatermark = highWatermark;
    if (this.#tracker === undefined || !isExpected) this.#startAt(fetchedOffset);
    return isExpected ? 'expected' : 'jumped';
  }

  /**
   * Passes over what waits in the log when it is more than that and nothing of it was handed over yet; the number of records, 0 when
   * it is not. Reading goes on at `next`, which is then committed.
   */
  skipBacklog(maxRecords: number): number {
    const backlog = this.#highWatermark - (this.next ?? this.#highWatermark);
    if (!this.#isUntouched || backlog <= maxRecords) return 0;
    this.#startAt(this.#highWatermark);
    return backlog;
  }

  hand(offset: number): void {
    this.#isUntouched = false;
    this.#tracker?.hand(offset);
  }

  finish(offset: number): void {
    this.#tracker?.finish(offset);
  }

  /** What is to be committed; undefined when the log has it already. The position of a first read is committed too. */
  toCommit(): number | undefined {
    const position = this.#tracker?.position;
    const { offset, isKnown } = this.#committed;
    return position !== undefined && (!isKnown || position > offset) ? position : undefined;
  }

  committed(offset: number): void {
    this.#committed = { offset, isKnown: true };
  }

  #isExpected(fetchedOffset: number): boolean {
    if (this.#tracker !== undefined) return fetchedOffset === this.#tracker.next;
    return this.#floor === undefined || fetchedOffset <= this.#floor;
  }

  #startAt(offset: number): void {
    this.#tracker = new CommitTracker(offset);
    this.#committed = { offset, isKnown: false };
  }
}
