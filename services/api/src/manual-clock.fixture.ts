import type { Clock } from '@carillon/runtime';

type Sleeper = { readonly atMs: number; readonly wake: () => void };

/** Time that moves only when a test says so. */
export class ManualClock implements Clock {
  #nowMs = 1_000_000;
  #sleepers: Sleeper[] = [];

  nowMs(): number {
    return this.#nowMs;
  }

  monotonicMs(): number {
    return this.#nowMs;
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const sleeper = { atMs: this.#nowMs + ms, wake: resolve };
      this.#sleepers.push(sleeper);
      signal?.addEventListener('abort', () => {
        this.#sleepers = this.#sleepers.filter((other) => other !== sleeper);
        reject(signal.reason);
      });
    });
  }

  every(): Disposable {
    throw new Error('nothing here ticks');
  }

  /** Moves time and wakes who slept long enough. */
  advance(ms: number): void {
    this.#nowMs += ms;
    const due = this.#sleepers.filter(({ atMs }) => atMs <= this.#nowMs);
    this.#sleepers = this.#sleepers.filter(({ atMs }) => atMs > this.#nowMs);
    for (const { wake } of due) wake();
  }

  get sleeping(): number {
    return this.#sleepers.length;
  }
}
