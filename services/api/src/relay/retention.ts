import type { Clock, Logger } from '@carillon/runtime';
import { type Database, pruneEvents } from '@carillon/store';

type EventPrunerOptions = {
  readonly database: Database;
  readonly retentionDays: number;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly random?: () => number;
};

const periodMs = 3_600_000;
const stepRows = 1_000;
const pauseMs = 100;

/**
 * Removes events older than the retention, about once an hour, in steps of about 1,000 rows with a pause between them, so that no
 * step holds a lock for long. Processes that prune at the same time do no harm; the jitter keeps them apart.
 * States: idle → running → stopped; no way back.
 */
export class EventPruner implements AsyncDisposable {
  readonly #options: EventPrunerOptions;
  readonly #random: () => number;
  readonly #stop = new AbortController();
  #running: Promise<void> = Promise.resolve();

  constructor(options: EventPrunerOptions) {
    this.#options = options;
    this.#random = options.random ?? Math.random;
  }

  start(): void {
    this.#running = this.#run();
  }

  /** Ends after the step in flight. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { clock, logger } = this.#options;
    const stop = this.#stop.signal;
    try {
      await clock.sleep(periodMs * this.#random(), stop);
      while (true) {
        await this.#prune();
        await clock.sleep(periodMs * (0.5 + this.#random()), stop);
      }
    } catch (error) {
      if (!stop.aborted) logger.error({ err: error }, 'event pruning ended');
    }
  }

  async #prune(): Promise<void> {
    const { database, retentionDays, clock, logger } = this.#options;
    let pruned = 0;
    try {
      for (let step = 1; step > 0; pruned += step) {
        step = await pruneEvents(database, { retentionDays, limit: stepRows });
        await clock.sleep(pauseMs, this.#stop.signal);
      }
    } catch (error) {
      if (this.#stop.signal.aborted) throw error;
      logger.warn({ err: error }, 'event pruning failed, goes on in an hour');
    }
    if (pruned > 0) logger.info({ pruned }, 'events older than the retention removed');
  }
}
