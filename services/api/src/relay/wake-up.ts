import type { Clock } from '@carillon/runtime';
import { pause } from './pause.ts';

/** What the relay's loop waits on. A wake-up that comes while nobody waits is kept: the next wait ends at once. */
export class WakeUp {
  readonly #clock: Clock;
  #isPending = false;
  #end: (() => void) | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  wake(): void {
    this.#isPending = true;
    this.#end?.();
  }

  /** Forgets what came before: the round that starts now will see it. */
  clear(): void {
    this.#isPending = false;
  }

  /** Until a wake-up, `ms`, or the signal's abort. Never rejects. */
  async wait(ms: number, signal: AbortSignal): Promise<void> {
    if (this.#isPending || signal.aborted) return;
    const over = new AbortController();
    const end = () => over.abort();
    this.#end = end;
    signal.addEventListener('abort', end, { once: true });
    try {
      await pause(this.#clock, ms, over.signal);
    } finally {
      this.#end = undefined;
      signal.removeEventListener('abort', end);
    }
  }
}
