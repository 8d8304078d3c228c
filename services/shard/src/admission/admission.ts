import type { Clock } from '@carillon/runtime';
import { TokenBucket } from '../connection/token-bucket.ts';
import type { ShardCounts } from '../metrics.ts';

export type AdmissionOptions = {
  /** Upgrades per second, with a burst of twice that; 0 = off. */
  readonly upgradeRate: number;
  /** 0 = off. */
  readonly connectionsPerIp: number;
  readonly maxConnections: number;
  /** The event loop is behind. */
  readonly isOverloaded: () => boolean;
  readonly clock: Clock;
  readonly random: () => number;
  readonly counts: ShardCounts;
};

/**
 * Who may come in at all, before any credential is looked at [S1]. The cheapest question first: closed → address → rate → count → load.
 * Behind a proxy that hides addresses `connectionsPerIp` stays 0. Bound: one count per address that has a connection.
 */
export class Admission {
  readonly #options: AdmissionOptions;
  readonly #rate: TokenBucket;
  readonly #byAddress = new Map<string, number>();
  #connections = 0;
  #isOpen = false;

  constructor(options: AdmissionOptions) {
    this.#options = options;
    this.#rate = new TokenBucket(options.upgradeRate, options.upgradeRate * 2, options.clock.monotonicMs());
  }

  /** From the start to the drain; before and after it everybody is refused. */
  open(): void {
    this.#isOpen = true;
  }

  close(): void {
    this.#isOpen = false;
  }

  /** Seconds after which to come again, or undefined: welcome. 1 to 5, so that those who came together do not come again together. */
  refuse(address: string): number | undefined {
    const reason = this.#faultOf(address);
    if (reason === undefined) return undefined;
    this.#options.counts.countRefusedUpgrade(reason);
    return 1 + Math.floor(this.#options.random() * 5);
  }

  enter(address: string): void {
    this.#connections += 1;
    if (this.#options.connectionsPerIp > 0) this.#byAddress.set(address, this.#fromAddress(address) + 1);
  }

  leave(address: string): void {
    this.#connections -= 1;
    if (this.#options.connectionsPerIp === 0) return;
    const left = this.#fromAddress(address) - 1;
    if (left > 0) this.#byAddress.set(address, left);
    else this.#byAddress.delete(address);
  }

  #faultOf(address: string): string | undefined {
    const { connectionsPerIp, maxConnections, isOverloaded, clock } = this.#options;
    if (!this.#isOpen) return 'draining';
    if (connectionsPerIp > 0 && this.#fromAddress(address) >= connectionsPerIp) return 'address';
    if (!this.#rate.take(clock.monotonicMs())) return 'rate';
    if (this.#connections >= maxConnections) return 'count';
    return isOverloaded() ? 'load' : undefined;
  }

  #fromAddress(address: string): number {
    return this.#byAddress.get(address) ?? 0;
  }
}
