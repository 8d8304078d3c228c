import type { Clock } from '@carillon/runtime';

/** One part's share of a turn, until `endMs` by the monotonic clock. True: it has more to do. */
export type TurnStep = (endMs: number) => boolean;

/** Milliseconds of each of a turn's two steps: 2,000 sends in a row would block pings and upgrades for 10 to 18. */
const stepMs = 1;

/**
 * The shard's work on the event loop, cut into turns of about 2 ms: in between, sockets and timers have their say. A turn is
 * asked for by whoever has work, and runs once, however many asked. It holds no work itself: what a turn leaves stays where it waits.
 */
export class TurnLoop {
  readonly #clock: Clock;
  #steps: readonly TurnStep[] = [];
  #isRequested = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** The steps of every turn, in order. */
  run(steps: readonly TurnStep[]): void {
    this.#steps = steps;
  }

  readonly request = (): void => {
    if (this.#isRequested) return;
    this.#isRequested = true;
    setImmediate(this.#turn);
  };

  readonly #turn = (): void => {
    this.#isRequested = false;
    let hasMore = false;
    for (const step of this.#steps) hasMore = step(this.#clock.monotonicMs() + stepMs) || hasMore;
    if (hasMore) this.request();
  };
}
