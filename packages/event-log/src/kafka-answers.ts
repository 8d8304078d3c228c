import { type Logger, withDeadline } from '@carillon/runtime';
import { createKafka } from './kafka-client.ts';
import { KafkaSockets } from './kafka-sockets.ts';

const deadlineMs = 4_000;

/** Whether Kafka answers a request at this moment, on a connection of its own. Never rejects. */
export async function kafkaAnswers(address: { brokers: readonly string[]; clientId: string; logger: Logger }): Promise<boolean> {
  const sockets = new KafkaSockets();
  const admin = createKafka({ ...address, sockets }, { retries: 0 }).admin({ retry: { retries: 0 } });
  try {
    await withDeadline(
      admin.connect().then(() => admin.describeCluster()),
      deadlineMs,
      'asking Kafka',
    );
    return true;
  } catch (err) {
    address.logger.debug({ err }, 'Kafka does not answer');
    return false;
  } finally {
    sockets.closeAll();
  }
}
