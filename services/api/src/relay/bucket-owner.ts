import type { Clock, Logger } from '@carillon/runtime';
import { bucketCount, type OutboxRead, type OutboxRow, RelaySession } from '@carillon/store';

const rebalanceMs = 2_000;
const keepAliveMs = 1_000;

type BucketOwnerOptions = {
  readonly databaseUrl: string;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly random: () => number;
  /** Another process wrote rows into these buckets. */
  readonly onNotify: (buckets: readonly number[]) => void;
};

/**
 * The buckets that this relay owns, and the one connection that locks, reads and deletes them.
 * States: open → lost or closed; no way back. Losing the connection loses every bucket at once: whatever was read from them
 * is void. The connection says something every second while nothing else runs on it, also while an append is in flight, so
 * the server ends the session of a frozen owner, and what that one deletes when it wakes up fails [D12].
 * All but `statistics` are called by the relay's loop only, one at a time.
 */
export class BucketOwner implements AsyncDisposable {
  readonly #session: RelaySession;
  readonly #lost: AbortController;
  readonly #options: BucketOwnerOptions;
  readonly #owned = new Set<number>();
  #queries = 0;
  #rebalanceAtMs = Number.NEGATIVE_INFINITY;
  #keepAlive: Disposable | undefined;

  private constructor(session: RelaySession, lost: AbortController, options: BucketOwnerOptions) {
    this.#session = session;
    this.#lost = lost;
    this.#options = options;
  }

  /** Connects; rejects when Postgres cannot be reached. Owns nothing yet. */
  static async open(options: BucketOwnerOptions): Promise<BucketOwner> {
    const lost = new AbortController();
    const session = await RelaySession.open({
      url: options.databaseUrl,
      logger: options.logger,
      onNotify: options.onNotify,
      onLost: (error) => lost.abort(error),
    });
    const owner = new BucketOwner(session, lost, options);
    owner.#keepAlive = options.clock.every(keepAliveMs, () => owner.#sayAlive());
    return owner;
  }

  /** Aborted once the session is gone. */
  get lost(): AbortSignal {
    return this.#lost.signal;
  }

  buckets(): ReadonlySet<number> {
    return this.#owned;
  }

  owns(bucket: number): boolean {
    return this.#owned.has(bucket) && !this.lost.aborted;
  }

  /**
   * Every 2 s ± 25 %: releases what is above this relay's share, takes what is free below it. The shares of all relays cover
   * all buckets. Only called while no append is in flight, else the next owner's rows could pass those in flight [M3]. True: this
   * relay has new buckets.
   */
  async rebalance(): Promise<boolean> {
    const { clock, random } = this.#options;
    if (clock.monotonicMs() < this.#rebalanceAtMs) return false;
    this.#rebalanceAtMs = clock.monotonicMs() + rebalanceMs * (0.75 + random() / 2);
    const relays = await this.#query((session) => session.countLiveRelays());
    const share = Math.ceil(bucketCount / Math.max(1, relays));
    await this.#release(share);
    return this.#take(share);
  }

  /** Leaves every bucket to the other relays, which share them among themselves, until `stepForward`. */
  async standBack(): Promise<void> {
    this.#owned.clear();
    await this.#query((session) => session.standBack());
  }

  /** Takes part again: the next `rebalance` takes buckets at once. */
  async stepForward(): Promise<void> {
    this.#rebalanceAtMs = Number.NEGATIVE_INFINITY;
    await this.#query((session) => session.stepForward());
  }

  /**
   * What waits in these buckets, each chat's rows in order. Deletes the `acknowledged` ones, whose last record is in the log [D4];
   * rejects when the session, and with it the lock, is gone.
   */
  async read(request: OutboxRead): Promise<OutboxRow[]> {
    return this.#query((session) => session.readOutbox(request));
  }

  /** Deletes them without reading on. */
  async remove(acknowledged: readonly OutboxRow[]): Promise<void> {
    if (acknowledged.length > 0) await this.#query((session) => session.deleteOutbox(acknowledged));
  }

  /** What all relays have still to send, estimated. */
  async statistics(): Promise<{ rows: number; oldestSeconds: number }> {
    return this.#query((session) => session.outboxStatistics());
  }

  /** Closes the session, which releases every bucket. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#keepAlive?.[Symbol.dispose]();
    this.#owned.clear();
    if (!this.lost.aborted) this.#lost.abort(new Error('the relay is stopping'));
    await this.#session[Symbol.asyncDispose]();
  }

  async #release(share: number): Promise<void> {
    for (const bucket of [...this.#owned].slice(share)) {
      this.#owned.delete(bucket);
      await this.#query((session) => session.unlockBucket(bucket));
    }
  }

  /** Begins anywhere, so that relays that start together do not ask for the same bucket all the time. */
  async #take(share: number): Promise<boolean> {
    const before = this.#owned.size;
    const first = Math.floor(this.#options.random() * bucketCount);
    for (let i = 0; i < bucketCount && this.#owned.size < share; i++) {
      const bucket = (first + i) % bucketCount;
      if (this.#owned.has(bucket)) continue;
      if (await this.#query((session) => session.tryLockBucket(bucket))) this.#owned.add(bucket);
    }
    return this.#owned.size > before;
  }

  /** A session that is at work is not idle: its keep-alive would only wait behind that work. */
  #sayAlive(): void {
    if (this.#queries > 0 || this.lost.aborted) return;
    this.#query((session) => session.keepAlive()).catch((error: unknown) => {
      this.#options.logger.debug({ err: error }, 'relay session did not answer its keep-alive');
    });
  }

  /** Any failure means that the locks can no longer be trusted. */
  async #query<T>(run: (session: RelaySession) => Promise<T>): Promise<T> {
    this.#queries += 1;
    try {
      return await run(this.#session);
    } catch (error) {
      this.#lost.abort(error);
      throw error;
    } finally {
      this.#queries -= 1;
    }
  }
}
