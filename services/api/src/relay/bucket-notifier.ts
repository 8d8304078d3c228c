import type { Clock, Logger } from '@carillon/runtime';

type BucketNotifierOptions = { readonly notify: (buckets: number[]) => Promise<void>; readonly clock: Clock; readonly logger: Logger };

/** The least time between two notifications of a process. */
const gapMs = 10;

/**
 * Tells other processes' relays about buckets with new rows: the first at once, then what gathered, at most once per 10 ms
 * and process. A NOTIFY takes a global commit lock, so it is a statement of its own, never part of a business transaction.
 * A failed one is dropped: their sweep finds the rows.
 */
export class BucketNotifier implements Disposable {
  readonly #options: BucketNotifierOptions;
  readonly #stop = new AbortController();
  readonly #gathered = new Set<number>();
  #isSending = false;

  constructor(options: BucketNotifierOptions) {
    this.#options = options;
  }

  add(bucket: number): void {
    if (this.#stop.signal.aborted) return;
    this.#gathered.add(bucket);
    // Floats: it handles its own failures, and the sweep makes its outcome optional.
    if (!this.#isSending) void this.#send();
  }

  [Symbol.dispose](): void {
    this.#stop.abort();
  }

  async #send(): Promise<void> {
    const { notify, clock, logger } = this.#options;
    this.#isSending = true;
    try {
      while (this.#gathered.size > 0 && !this.#stop.signal.aborted) {
        const buckets = [...this.#gathered];
        this.#gathered.clear();
        await Promise.all([notify(buckets), clock.sleep(gapMs, this.#stop.signal)]);
      }
    } catch (error) {
      if (!this.#stop.signal.aborted) logger.debug({ err: error }, 'outbox notification failed, sweeps find the rows');
    } finally {
      this.#isSending = false;
    }
  }
}
