import { type Logger, silentLogger } from '@carillon/runtime';
import type { Consumer } from 'kafkajs';
import type { ReceivedRecord } from './event-log.ts';
import { createKafka, type KafkaAddress } from './kafka-client.ts';
import { fromKafkaMessage } from './kafka-record.ts';

type FollowOptions = Omit<KafkaAddress, 'clientId' | 'logger' | 'sockets'> & {
  readonly topic: string;
  /** Told of every record from now on; what cannot be read is passed over. */
  readonly onRecord: (record: ReceivedRecord) => void;
  readonly onUnreadable: (partition: number, offset: string) => void;
  /** All partitions are read. */
  readonly onReady: () => void;
  readonly logger?: Logger;
};

/**
 * Reads along with the notifications, for an operator's eyes: in a group of its own, which takes no partition from a shard and is
 * removed at the end. Resolves when the signal is aborted; rejects when Kafka cannot be reached.
 */
export async function followTopic(options: FollowOptions, signal: AbortSignal): Promise<void> {
  const { topic, onReady, logger = silentLogger, ...address } = options;
  const groupId = `carillon-tail-${crypto.randomUUID()}`;
  const kafka = createKafka({ ...address, clientId: 'carillon-tail', logger }, { retries: 3 });
  const consumer = kafka.consumer({ groupId, maxWaitTimeInMs: 250, allowAutoTopicCreation: false });
  try {
    const ended = new Promise<void>((resolve, reject) => {
      signal.addEventListener('abort', () => resolve(), { once: true });
      consumer.on(consumer.events.CRASH, ({ payload }) => reject(payload.error));
      if (signal.aborted) resolve();
    });
    consumer.on(consumer.events.GROUP_JOIN, onReady);
    await consumer.connect();
    await consumer.subscribe({ topics: [topic], fromBeginning: false });
    await run(consumer, options);
    await ended;
  } finally {
    await consumer.disconnect();
    await removeGroup(kafka.admin(), groupId);
  }
}

function run(consumer: Consumer, { onRecord, onUnreadable }: FollowOptions): Promise<void> {
  return consumer.run({
    autoCommit: false,
    eachMessage: ({ partition, message }) => {
      try {
        onRecord(fromKafkaMessage(message, partition, 0));
      } catch (_unreadable) {
        onUnreadable(partition, message.offset);
      }
      return Promise.resolve();
    },
  });
}

/** A group that committed nothing and has no member may be gone by itself already. */
async function removeGroup(admin: ReturnType<ReturnType<typeof createKafka>['admin']>, groupId: string): Promise<void> {
  try {
    await admin.connect();
    await admin.deleteGroups([groupId]);
  } catch (_gone) {
    return;
  } finally {
    await admin.disconnect();
  }
}
