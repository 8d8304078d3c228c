import { backoffMs, type Clock } from './clock.ts';
import { retryAfterMsOf } from './http.ts';

/** Waits before another attempt. Whoever knows that the network is back ends them, but none before its `atLeastMs`: that is the server's. */
export class Pauses {
  readonly #clock: Clock;
  readonly #random: () => number;
  readonly #wakers = new Set<() => void>();

  constructor(clock: Clock, random: () => number) {
    this.#clock = clock;
    this.#random = random;
  }

  /** As long as the server says, and on top of it the spread that grows with each failure. */
  afterFailure(error: unknown, failures: number, signal: AbortSignal): Promise<void> {
    return this.wait(retryAfterMsOf(error), backoffMs(failures, this.#random), signal);
  }

  /** Also over when the signal is aborted. Never rejects. */
  wait(atLeastMs: number, moreMs: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const earliestMs = this.#clock.nowMs() + atLeastMs;
      const wake = () => {
        if (!signal.aborted && this.#clock.nowMs() < earliestMs) return;
        cancel();
        this.#wakers.delete(wake);
        signal.removeEventListener('abort', wake);
        resolve();
      };
      const cancel = this.#clock.after(atLeastMs + moreMs, wake);
      this.#wakers.add(wake);
      signal.addEventListener('abort', wake);
      if (signal.aborted) wake();
    });
  }

  wake(): void {
    for (const wake of this.#wakers) wake();
  }
}
