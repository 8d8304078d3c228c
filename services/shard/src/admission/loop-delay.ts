import { type IntervalHistogram, monitorEventLoopDelay } from 'node:perf_hooks';
import type { Clock } from '@carillon/runtime';

/** Above this the shard is behind with those it has: nobody else comes in. */
const overloadedMs = 200;
/** Samples every 20 ms, judged every 5 s: one long pause is no overload, three are. */
const resolutionMs = 20;
const windowMs = 5_000;

/** How late the event loop turns: p99 of the last full window. */
export class LoopDelay implements Disposable {
  readonly #histogram: IntervalHistogram = monitorEventLoopDelay({ resolution: resolutionMs });
  #timer: Disposable | undefined;
  #p99Ms = 0;

  start(clock: Clock): void {
    this.#histogram.enable();
    this.#timer = clock.every(windowMs, () => {
      this.#p99Ms = this.#histogram.percentile(99) / 1e6;
      this.#histogram.reset();
    });
  }

  readonly isOverloaded = (): boolean => this.#p99Ms > overloadedMs;

  [Symbol.dispose](): void {
    this.#timer?.[Symbol.dispose]();
    this.#histogram.disable();
  }
}
