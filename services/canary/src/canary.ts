import type { Clock, Logger } from '@carillon/runtime';
import type { CanaryApi } from './canary-api.ts';
import type { CanaryMetrics } from './metrics.ts';
import { ShardEar } from './shard-ear.ts';

type CanaryOptions = {
  readonly api: Pick<CanaryApi, 'openChat' | 'send' | 'edit' | 'takeTicket'>;
  readonly findShards: () => Promise<readonly string[]>;
  /** Tells this process's messages from those of its predecessors. */
  readonly runId: string;
  readonly metrics: CanaryMetrics;
  readonly clock: Clock;
  readonly logger: Logger;
};

/** What became of one message: the shards through which it came, and why it did not through the others. */
export type Round = { readonly reached: readonly string[]; readonly missed: readonly string[] };

const arrivalMs = 5_000;

/**
 * Publishes and listens through every shard at once, as its users would. The first round sends a message, the next ones edit it: the
 * way is the same, and a canary of years leaves no table of messages behind. Every wait has an end, so a round takes 20 s at most.
 */
export class Canary implements Disposable {
  readonly #options: CanaryOptions;
  readonly #ears = new Map<string, ShardEar>();
  #message: { readonly chatId: string; readonly id: string } | undefined;
  #rounds = 0;

  constructor(options: CanaryOptions) {
    this.#options = options;
  }

  /** One message. Rejects when it cannot be published or no shard is to be found. */
  async round(): Promise<Round> {
    try {
      const round = await this.#round();
      const { reached, missed } = round;
      this.#options.metrics.setReach(reached.length / (reached.length + missed.length), missed.length === 0 ? 'reached' : 'missed');
      return round;
    } catch (error) {
      this.#options.metrics.setReach(0, 'unpublished');
      throw error;
    }
  }

  /** Rounds until the signal aborts, one after the other; what fails is logged and counted. */
  async run(intervalMs: number, signal: AbortSignal): Promise<void> {
    const { clock, logger } = this.#options;
    while (!signal.aborted) {
      const nextMs = clock.monotonicMs() + intervalMs;
      try {
        const { missed } = await this.round();
        if (missed.length > 0) logger.warn({ missed }, 'the message did not arrive through every shard');
      } catch (err) {
        logger.warn({ err }, 'the canary could not publish');
      }
      await clock.sleep(Math.max(0, nextMs - clock.monotonicMs()), signal).catch(() => undefined);
    }
  }

  [Symbol.dispose](): void {
    for (const ear of this.#ears.values()) ear[Symbol.dispose]();
    this.#ears.clear();
  }

  async #round(): Promise<Round> {
    const urls = await this.#options.findShards();
    if (urls.length === 0) throw new Error('no shard is listed');
    const failures = await this.#listen(urls);
    const { clock } = this.#options;
    this.#rounds += 1;
    const text = `${this.#options.runId} ${this.#rounds}`;
    const deadline = AbortSignal.timeout(arrivalMs);
    const sentAtMs = clock.monotonicMs();
    const arrivals = [...this.#ears].map(async ([url, ear]) => {
      await ear.hears(text, deadline);
      this.#options.metrics.observeArrival(ear.shardId, (clock.monotonicMs() - sentAtMs) / 1000);
      return url;
    });
    const settled = Promise.allSettled(arrivals);
    await this.#publish(text);
    const reached = (await settled).flatMap((arrival) => (arrival.status === 'fulfilled' ? [arrival.value] : []));
    const silent = [...this.#ears.keys()].filter((url) => !reached.includes(url)).map((url) => `${url} heard nothing`);
    return { reached, missed: [...failures, ...silent] };
  }

  /** One open ear per listed shard; returns what stands in the way of the others. */
  async #listen(urls: readonly string[]): Promise<string[]> {
    for (const [url, ear] of this.#ears) if (!urls.includes(url) || !ear.isOpen) this.#drop(url, ear);
    const missing = urls.filter((url) => !this.#ears.has(url));
    const opened = await Promise.allSettled(missing.map((url) => this.#open(url)));
    return opened.flatMap((result) => (result.status === 'rejected' ? [String(result.reason)] : []));
  }

  async #open(url: string): Promise<void> {
    this.#ears.set(url, await ShardEar.open(url, await this.#options.api.takeTicket()));
  }

  #drop(url: string, ear: ShardEar): void {
    ear[Symbol.dispose]();
    this.#ears.delete(url);
  }

  async #publish(text: string): Promise<void> {
    const { api, runId } = this.#options;
    if (this.#message !== undefined) return api.edit(this.#message.chatId, this.#message.id, text);
    const chatId = await api.openChat();
    this.#message = { chatId, id: await api.send(chatId, runId, text) };
  }
}
