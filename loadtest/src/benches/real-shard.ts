import { ensureTopic } from '@carillon/event-log';
import { startKafka, startRedis } from '@carillon/testkit';
import { ShardProcess } from '../programs/shard-process.ts';
import { createSecret } from '../programs/tickets.ts';

export const topic = 'carillon.notifications';
const partitions = 64;

/** Kafka and Redis of the bench's own, with the topic made; shards come and go on them, one at a time. */
export class RealServices implements AsyncDisposable {
  readonly #stops: (() => Promise<void>)[];
  readonly #redisUrl: string;
  readonly kafkaBrokers: string;
  readonly partitions = partitions;
  readonly secret = createSecret();

  private constructor(kafkaBrokers: string, redisUrl: string, stops: (() => Promise<void>)[]) {
    this.kafkaBrokers = kafkaBrokers;
    this.#redisUrl = redisUrl;
    this.#stops = stops;
  }

  static async start(announce: (text: string) => void): Promise<RealServices> {
    announce('starting Kafka and Redis …');
    const kafka = await startKafka({ announce });
    const stops = [() => kafka.stop()];
    try {
      const redis = await startRedis({ announce });
      stops.push(() => redis.stop());
      await ensureTopic({ brokers: [kafka.brokers], topic, partitions });
      return new RealServices(kafka.brokers, redis.url, stops);
    } catch (error) {
      await stopAll(stops);
      throw error;
    }
  }

  startShard(options: { smallYoung?: boolean } = {}): Promise<ShardProcess> {
    const { kafkaBrokers, secret } = this;
    return ShardProcess.start({ kafkaBrokers, redisUrl: this.#redisUrl, partitions, secret, ...options });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await stopAll(this.#stops);
  }
}

async function stopAll(stops: readonly (() => Promise<void>)[]): Promise<void> {
  for (const stop of stops) await stop();
}
