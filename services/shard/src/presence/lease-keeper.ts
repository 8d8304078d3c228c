import { leaseRenewalMs, type Presence, type RenewOutcome, type ShardLease, type ShardToken, shardToken } from '@carillon/presence';
import type { Clock, Logger } from '@carillon/runtime';

/** What the shard says of itself at the moment of a renewal. */
export type ShardStatus = Pick<ShardLease, 'state' | 'connections' | 'partitions' | 'memberId'>;

type LeaseKeeperOptions = {
  readonly shardId: string;
  /** Base URL for clients. */
  readonly url: string;
  readonly presence: Presence;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly describe: () => ShardStatus;
  /** After each renewal, with its outcome: the moment to look at the other shards' leases. */
  readonly onRenewed: () => void;
  /** The registry had lost this shard's lease: its registrations may be gone too. */
  readonly onRestored: () => void;
  /** A later epoch of this shard id lives: this process must stop. Called once, nothing is renewed after it. */
  readonly onFenced: () => void;
};

/** How long `claim` tries; then the wall clock gives the epoch. */
const claimLimitMs = 3_000;
const retryMs = 500;

/**
 * Keeps the shard's lease: proof that this life of it is alive. Renewed every 4 s (0.5 s after a failure), and at once when
 * `renewSoon` is called.
 * States: idle → claimed → kept → (fenced) → stopped; no way back.
 */
export class LeaseKeeper {
  readonly #options: LeaseKeeperOptions;
  readonly #stopped = new AbortController();
  #token: ShardToken | undefined;
  #epoch = 0;
  #pause = new AbortController();
  #isAsked = false;
  #wasRenewed = false;
  #failingSinceMs: number | undefined;
  #loop: Promise<void> = Promise.resolve();

  constructor(options: LeaseKeeperOptions) {
    this.#options = options;
  }

  /**
   * A new life: its token, and the lease that the one before it left if it did not end cleanly [L5]. Resolves within 4 s:
   * when the registry does not answer, the epoch is the wall clock's milliseconds and no predecessor is known [R5].
   */
  async claim(): Promise<{ token: ShardToken; predecessor: ShardLease | undefined }> {
    const { shardId, presence, clock, logger } = this.#options;
    const deadlineMs = clock.monotonicMs() + claimLimitMs;
    do {
      try {
        const predecessor = await presence.readPredecessor(shardId);
        return { token: this.#begin(await presence.claimEpoch(shardId)), predecessor };
      } catch (err) {
        logger.warn({ err }, 'presence is away, no epoch yet');
        await clock.sleep(retryMs);
      }
    } while (clock.monotonicMs() < deadlineMs);
    return { token: this.#begin(clock.nowMs()), predecessor: undefined };
  }

  /** Announces the shard: everything that others may send to it is ready. Resolves after the first try, within 300 ms. */
  async start(): Promise<void> {
    const isKept = await this.#renew({ isFirst: true });
    if (isKept) this.#loop = this.#keep();
  }

  /** The status changed (partitions, draining): others learn it with the next renewal, which is now. */
  renewSoon(): void {
    this.#isAsked = true;
    this.#pause.abort();
  }

  /** The lease was there once; it may be lost now [L6]. */
  wasRenewed(): boolean {
    return this.#wasRenewed;
  }

  /** Milliseconds since renewals began to fail; 0 when the last one succeeded. */
  failingForMs(): number {
    return this.#failingSinceMs === undefined ? 0 : this.#options.clock.monotonicMs() - this.#failingSinceMs;
  }

  /** Ends the lease, which voids this life's registrations [R3]. Resolves within 600 ms, also when the registry is away. */
  async stop(): Promise<void> {
    this.#stopped.abort();
    this.#pause.abort();
    await this.#loop;
    if (this.#token === undefined) return;
    try {
      await this.#options.presence.releaseLease(this.#options.shardId, this.#epoch);
    } catch (err) {
      this.#options.logger.warn({ err }, 'the lease could not be released, it ends by itself');
    }
  }

  #begin(epoch: number): ShardToken {
    this.#epoch = epoch;
    this.#token = shardToken(this.#options.shardId, epoch);
    return this.#token;
  }

  async #keep(): Promise<void> {
    let isKept = true;
    while (isKept && !this.#stopped.signal.aborted) {
      await this.#wait();
      if (!this.#stopped.signal.aborted) isKept = await this.#renew({ isFirst: false });
    }
  }

  async #wait(): Promise<void> {
    if (this.#isAsked) return;
    this.#pause = new AbortController();
    const pauseMs = this.#failingSinceMs === undefined ? leaseRenewalMs : retryMs;
    await this.#options.clock.sleep(pauseMs, this.#pause.signal).catch((reason: unknown) => reason);
  }

  /** False: fenced. */
  async #renew({ isFirst }: { isFirst: boolean }): Promise<boolean> {
    const { presence, logger, clock, shardId, url } = this.#options;
    this.#isAsked = false;
    let outcome: RenewOutcome;
    try {
      outcome = await presence.renewLease({ shardId, url, epoch: this.#epoch, ...this.#options.describe() });
    } catch (err) {
      if (this.#failingSinceMs === undefined) logger.warn({ err }, 'the lease was not renewed');
      this.#failingSinceMs ??= clock.monotonicMs();
      return true;
    }
    return this.#conclude(outcome, isFirst);
  }

  #conclude(outcome: RenewOutcome, isFirst: boolean): boolean {
    if (outcome === 'fenced') {
      this.#options.logger.error('a later life of this shard is alive: fenced');
      this.#options.onFenced();
      return false;
    }
    this.#failingSinceMs = undefined;
    this.#wasRenewed = true;
    if (outcome === 'restored' && !isFirst) this.#options.onRestored();
    this.#options.onRenewed();
    return true;
  }
}
