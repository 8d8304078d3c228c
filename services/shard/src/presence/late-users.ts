import type { Clock } from '@carillon/runtime';

type LateUsersOptions = {
  readonly clock: Clock;
  readonly random: () => number;
  readonly ended: AbortSignal;
  readonly onDue: (userId: string) => void;
};

/** 500 each 250 ms are 2,000 a second [reliability 4, late registration]. */
const stepUsers = 500;
const stepMs = 250;
const longestBackoffMs = 2_000;

/**
 * Users whose registration waits for its next try: paced, so that a registry that came back is not run over, and slower the longer
 * it fails. One entry per user, one loop while there is one.
 */
export class LateUsers {
  readonly #options: LateUsersOptions;
  readonly #users = new Set<string>();
  #failures = 0;
  #isPacing = false;

  constructor(options: LateUsersOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#users.size;
  }

  add(userId: string): void {
    this.#users.add(userId);
    if (!this.#isPacing && !this.#options.ended.aborted) void this.#pace();
  }

  noteFailure(): void {
    this.#failures += 1;
  }

  noteSuccess(): void {
    this.#failures = 0;
  }

  async #pace(): Promise<void> {
    this.#isPacing = true;
    const { clock, random, ended, onDue } = this.#options;
    while (this.#users.size > 0) {
      const delayMs = stepMs * (0.5 + random()) + Math.min(longestBackoffMs, stepMs * this.#failures);
      await clock.sleep(delayMs, ended).catch((reason: unknown) => reason);
      if (ended.aborted) return;
      for (const userId of takeSome(this.#users, stepUsers)) onDue(userId);
    }
    this.#isPacing = false;
  }
}

/** Removes up to that many of the oldest and returns them. */
export function takeSome(set: Set<string>, count: number): string[] {
  const taken: string[] = [];
  for (const userId of set) {
    if (taken.length === count) break;
    taken.push(userId);
    set.delete(userId);
  }
  return taken;
}
