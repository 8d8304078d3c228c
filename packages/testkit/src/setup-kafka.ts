import type { TestProject } from 'vitest/node';
import { announceOnStderr } from './announce-on-stderr.ts';
import { startKafka } from './kafka.ts';
import type {} from './provided-urls.ts';

/** vitest's global setup: one Kafka for the whole run, from KAFKA_BROKERS or our own. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const brokers = process.env['KAFKA_BROKERS'];
  if (brokers !== undefined && brokers !== '') {
    project.provide('kafkaBrokers', brokers);
    return async () => undefined;
  }
  const server = await startKafka({ announce: announceOnStderr });
  project.provide('kafkaBrokers', server.brokers);
  return () => server.stop();
}
