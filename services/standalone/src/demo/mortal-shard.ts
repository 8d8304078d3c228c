import type { Clock, Health, Logger } from '@carillon/runtime';
import type { Shard } from '@carillon/shard';
import { Lifeline } from './lifeline.ts';

export type MortalShardOptions = {
  readonly id: string;
  /** Makes one life of the shard, whose parts hang on the lifeline. */
  readonly create: (life: Lifeline) => Shard;
  readonly clock: Clock;
  readonly logger: Logger;
  /** How long a supervisor takes; 3 s by default. */
  readonly restartMs?: number | undefined;
};

type Life = { readonly shard: Shard; readonly line: Lifeline };

const defaultRestartMs = 3_000;

/**
 * A shard that can be killed, and comes back at the same port after a few seconds, as under a supervisor: another life with another
 * epoch. States: up → down → up …, and stopped from any; no way back.
 */
export class MortalShard {
  readonly id: string;
  readonly #options: MortalShardOptions;
  readonly #stopped = new AbortController();
  #life: Life;
  #revival: Promise<void> | undefined;
  #backAtMs = 0;

  constructor(options: MortalShardOptions) {
    this.id = options.id;
    this.#options = options;
    this.#life = this.#newLife();
  }

  readonly health: Health = {
    isStarted: () => this.#life.shard.health.isStarted(),
    isDraining: () => this.#life.shard.health.isDraining(),
    dependencies: () => this.#life.shard.health.dependencies(),
  };

  get isUp(): boolean {
    return this.#revival === undefined;
  }

  start(): Promise<{ url: string }> {
    return this.#life.shard.start();
  }

  /** At once; answers when it is started again, by the wall clock. One that is down stays down as long as it would have. */
  kill(): number {
    if (this.#revival !== undefined || this.#stopped.signal.aborted) return this.#backAtMs;
    this.#backAtMs = this.#options.clock.nowMs() + this.#restartMs;
    this.#revival = this.#dieAndRevive().finally(() => {
      this.#revival = undefined;
    });
    return this.#backAtMs;
  }

  async stop(): Promise<void> {
    this.#stopped.abort();
    await this.#life.shard.stop();
    await this.#revival;
    await this.#life.line.bury();
  }

  get #restartMs(): number {
    return this.#options.restartMs ?? defaultRestartMs;
  }

  #newLife(): Life {
    const line = new Lifeline();
    return { shard: this.#options.create(line), line };
  }

  /** Never rejects. */
  async #dieAndRevive(): Promise<void> {
    const { clock, logger } = this.#options;
    const dead = this.#life;
    dead.line.cut();
    logger.warn('shard killed by the demo');
    await dead.shard.kill().catch((err: unknown) => logger.warn({ err }, 'the end of a killed shard failed'));
    await this.#pause();
    await dead.line.bury().catch((err: unknown) => logger.warn({ err }, 'what a killed shard left behind could not be ended'));
    while (!this.#stopped.signal.aborted) {
      this.#life = this.#newLife();
      try {
        await this.#life.shard.start();
        return;
      } catch (err) {
        logger.warn({ err }, 'a killed shard does not start again yet');
        this.#backAtMs = clock.nowMs() + this.#restartMs;
        await this.#life.shard.stop();
        await this.#pause();
      }
    }
  }

  async #pause(): Promise<void> {
    await this.#options.clock.sleep(this.#restartMs, this.#stopped.signal).catch((reason: unknown) => reason);
  }
}
