import { Kafka, logLevel } from 'kafkajs';
import { expect, inject, test } from 'vitest';
import { startKafka } from './kafka.ts';

test('a broker that was killed comes back on the same port with its topics', async () => {
  expect(inject('kafkaBrokers')).toMatch(/:\d+/);
  const server = await startKafka();
  const admin = new Kafka({ brokers: [server.brokers], logLevel: logLevel.NOTHING }).admin();
  await admin.connect();
  await admin.createTopics({ topics: [{ topic: 'kept', numPartitions: 3 }] });
  await server.process.signal('SIGKILL');
  expect(server.pid).toBeUndefined();
  await server.process.start();
  expect(await admin.listTopics()).toEqual(['kept']);
  await admin.disconnect();
  await server.stop();
});
