import type { Clock } from '@carillon/runtime';

/** A reader, as far as it can be held up. */
export type Pausable = { pause(partition: number): void; resume(partition: number): void };

/** What `npm start` allows. */
const pauseMs = 10_000;

/**
 * Holds up the delivery of partitions, whoever owns them: their records wait in the log. A pause ends by itself; one that runs is
 * neither doubled nor made longer. At most one per partition.
 */
export class DeliveryPause implements Disposable {
  readonly #clock: Clock;
  readonly #pauseMs: number;
  readonly #readers = new Set<Pausable>();
  readonly #endsAtMs = new Map<number, number>();
  readonly #disposed = new AbortController();

  constructor(clock: Clock, ms: number = pauseMs) {
    this.#clock = clock;
    this.#pauseMs = ms;
  }

  join(reader: Pausable): void {
    this.#readers.add(reader);
  }

  leave(reader: Pausable): void {
    this.#readers.delete(reader);
  }

  isPaused(partition: number): boolean {
    return this.#endsAtMs.has(partition);
  }

  /** Answers when it ends, by the wall clock. */
  begin(partition: number): number {
    const running = this.#endsAtMs.get(partition);
    if (running !== undefined) return running;
    const endsAtMs = this.#clock.nowMs() + this.#pauseMs;
    this.#endsAtMs.set(partition, endsAtMs);
    for (const reader of this.#readers) reader.pause(partition);
    void this.#end(partition);
    return endsAtMs;
  }

  [Symbol.dispose](): void {
    this.#disposed.abort();
  }

  async #end(partition: number): Promise<void> {
    await this.#clock.sleep(this.#pauseMs, this.#disposed.signal).catch((reason: unknown) => reason);
    this.#endsAtMs.delete(partition);
    for (const reader of this.#readers) reader.resume(partition);
  }
}
