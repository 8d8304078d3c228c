import type { Presence } from '@carillon/presence';
import type { Clock } from '@carillon/runtime';

type OutageOptions = {
  readonly presence: Pick<Presence, 'isConnected'>;
  /** Milliseconds since renewals of this shard's lease began to fail; 0 when the last one succeeded. */
  readonly leaseFailingForMs: () => number;
  readonly clock: Clock;
};

/** Shorter ones are over before their connections could be told: a reconnect, a failover's pause. Less than a lease by far. */
const outageMs = 3_000;

/**
 * The registry is out of this shard's reach: not connected, or it does not renew the lease, for 3 s. A stalled one is seen by the
 * lease, at most 4 s after it stopped to answer.
 */
export class Outage {
  readonly #options: OutageOptions;
  #sinceMs: number | undefined;
  #isTold = false;

  constructor(options: OutageOptions) {
    this.#options = options;
  }

  /** True once for each outage: when it has lasted long enough. To be called every few hundred milliseconds. */
  hasBegun(): boolean {
    const { presence, leaseFailingForMs, clock } = this.#options;
    if (presence.isConnected() && leaseFailingForMs() === 0) {
      this.#sinceMs = undefined;
      this.#isTold = false;
      return false;
    }
    this.#sinceMs ??= clock.monotonicMs();
    if (this.#isTold || clock.monotonicMs() - this.#sinceMs < outageMs) return false;
    this.#isTold = true;
    return true;
  }
}
