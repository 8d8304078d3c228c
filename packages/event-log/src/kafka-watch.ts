import type { Clock, Logger } from '@carillon/runtime';
import { kafkaAnswers } from './kafka-answers.ts';
import type { KafkaPulse } from './kafka-pulse.ts';

type KafkaWatchOptions = {
  readonly pulse: KafkaPulse;
  readonly clock: Clock;
  readonly brokers: readonly string[];
  readonly logger: Logger;
  readonly onSilent: () => void;
};

/** Looks at a consumer's pulse every second; when it is weak, asks Kafka itself. `onSilent` once the consumer is silent while Kafka answers [L3]. */
export class KafkaWatch implements Disposable {
  readonly #options: KafkaWatchOptions;
  #timer: Disposable | undefined;
  #isAsking = false;

  constructor(options: KafkaWatchOptions) {
    this.#options = options;
  }

  start(): void {
    this.#timer = this.#options.clock.every(1_000, () => void this.#look());
  }

  [Symbol.dispose](): void {
    this.#timer?.[Symbol.dispose]();
    this.#timer = undefined;
  }

  async #look(): Promise<void> {
    const { pulse, brokers, logger, onSilent } = this.#options;
    const verdict = pulse.tick();
    if (verdict === 'alive' || this.#isAsking) return;
    this.#isAsking = true;
    const isThere = await kafkaAnswers({ brokers, logger, clientId: 'carillon-watch' });
    this.#isAsking = false;
    if (!isThere) pulse.away();
    else if (verdict === 'silent' && this.#timer !== undefined) onSilent();
  }
}
