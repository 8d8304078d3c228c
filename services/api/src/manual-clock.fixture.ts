import type { Clock } from '@carillon/runtime';

type Sleeper = { readonly atMs: number; readonly wake: () => void };
type Ticker = { readonly everyMs: number; atMs: number; readonly tick: () => void };

/** Time that moves only when a test says so. */
export class ManualClock implements Clock {
  #nowMs = 1_000_000;
  #sleepers: Sleeper[] = [];
  readonly #tickers = new Set<Ticker>();

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

  every(ms: number, tick: () => void): Disposable {
    const ticker = { everyMs: ms, atMs: this.#nowMs + ms, tick };
    this.#tickers.add(ticker);
    return { [Symbol.dispose]: () => void this.#tickers.delete(ticker) };
  }

  /** Moves time and wakes who slept long enough. */
  advance(ms: number): void {
    this.#nowMs += ms;
    const due = this.#sleepers.filter(({ atMs }) => atMs <= this.#nowMs);
    this.#sleepers = this.#sleepers.filter(({ atMs }) => atMs > this.#nowMs);
    for (const { wake } of due) wake();
    for (const ticker of this.#tickers) {
      if (ticker.atMs > this.#nowMs) continue;
      ticker.atMs = this.#nowMs + ticker.everyMs;
      ticker.tick();
    }
  }

  get sleeping(): number {
    return this.#sleepers.length;
  }
}
