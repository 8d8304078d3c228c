import type { ClusterServices } from './cluster.ts';
import { startKafka } from './kafka.ts';
import { startPostgres } from './postgres.ts';
import { startRedis } from './redis.ts';

/** The real services of a run: where they are, and the pids of those that were started here. */
export type Services = AsyncDisposable & {
  readonly urls: ClusterServices;
  readonly pids: Readonly<Record<keyof ClusterServices, number | null>>;
};

type Started = { readonly url: string; readonly pid: number | null; stop(): Promise<void> };

/** Takes each service from its URL in the environment, else starts it on a free loopback port; dispose stops what was started. */
export async function startServices(options: { announce: (text: string) => void; isDurable: boolean }): Promise<Services> {
  const { announce, isDurable } = options;
  const starting = await Promise.allSettled([
    given('DATABASE_URL') ?? own('Postgres', announce, () => startPostgres({ announce, isDurable })),
    given('KAFKA_BROKERS') ?? own('Kafka', announce, async () => asStarted(await startKafka({ announce }), (kafka) => kafka.brokers)),
    given('REDIS_URL') ?? own('Redis', announce, () => startRedis({ announce })),
  ]);
  const started = starting.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []));
  const stop = async () => void (await Promise.all(started.map((service) => service.stop())));
  const failure = starting.find((outcome) => outcome.status === 'rejected');
  const [postgres, kafka, redis] = started;
  if (failure !== undefined || postgres === undefined || kafka === undefined || redis === undefined) {
    await stop();
    throw failure?.reason;
  }
  return {
    urls: { databaseUrl: postgres.url, kafkaBrokers: kafka.url, redisUrl: redis.url },
    pids: { databaseUrl: postgres.pid, kafkaBrokers: kafka.pid, redisUrl: redis.pid },
    [Symbol.asyncDispose]: stop,
  };
}

function given(variable: string): Promise<Started> | undefined {
  const url = process.env[variable];
  return url === undefined || url === '' ? undefined : Promise.resolve({ url, pid: null, stop: () => Promise.resolve() });
}

async function own(
  name: string,
  announce: (text: string) => void,
  start: () => Promise<{ url: string; pid: number | undefined; stop(): Promise<void> }>,
): Promise<Started> {
  announce(`starting ${name} …`);
  const server = await start();
  return { url: server.url, pid: server.pid ?? null, stop: () => server.stop() };
}

function asStarted<T extends { pid: number | undefined; stop(): Promise<void> }>(server: T, urlOf: (server: T) => string) {
  return { url: urlOf(server), pid: server.pid, stop: () => server.stop() };
}
