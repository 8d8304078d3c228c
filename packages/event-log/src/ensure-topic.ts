import { type Clock, type Logger, StartError, silentLogger, systemClock } from '@carillon/runtime';
import type { Admin, IResourceConfigEntry } from 'kafkajs';
import { createKafka } from './kafka-client.ts';
import { isKafkaRefusal } from './kafka-errors.ts';
import type { KafkaSecurity } from './kafka-security.ts';

type TopicOptions = {
  readonly brokers: readonly string[];
  readonly security?: KafkaSecurity | undefined;
  readonly topic: string;
  readonly partitions: number;
  /** Without it as many copies as there are brokers, at most 3. */
  readonly replicationFactor?: number;
  readonly logger?: Logger;
  readonly clock?: Clock;
};

const dayMs = 86_400_000;
/** Per partition: bounds the disk when a day holds more than expected. */
const retentionBytes = 1 << 30;
/** A new topic is known to every broker, with a leader for each partition, within a second as a rule. */
const settling = { attempts: 100, delayMs: 100, refusals: ['UNKNOWN_TOPIC_OR_PARTITION', 'NOT_LEADER_FOR_PARTITION'] };

/**
 * Creates the topic of notifications, or finds it. Its number of partitions is in effect for good, because it decides which
 * partition a user belongs to: throws StartError when it differs from what is asked for.
 */
export async function ensureTopic(options: TopicOptions): Promise<void> {
  const kafka = createKafka({ ...options, clientId: 'carillon-migrate', logger: options.logger ?? silentLogger });
  const admin = kafka.admin();
  try {
    await admin.connect();
    const isNew = await create(admin, options);
    await checkPartitions(admin, options);
    if (isNew) await awaitLeaders(admin, options);
  } finally {
    await admin.disconnect();
  }
}

/** Whether it was not there before. */
async function create(admin: Admin, options: TopicOptions): Promise<boolean> {
  const { topic, partitions } = options;
  const replicationFactor = options.replicationFactor ?? Math.min(3, (await admin.describeCluster()).brokers.length);
  const configEntries = settings(replicationFactor);
  return admin.createTopics({
    topics: [{ topic, numPartitions: partitions, replicationFactor, configEntries }],
    timeout: 10_000,
    waitForLeaders: false,
  });
}

function settings(replicationFactor: number): IResourceConfigEntry[] {
  const common = {
    'message.timestamp.type': 'LogAppendTime',
    'retention.ms': dayMs,
    'retention.bytes': retentionBytes,
    'unclean.leader.election.enable': false,
    'min.insync.replicas': replicationFactor >= 3 ? 2 : 1,
  };
  return Object.entries(common).map(([name, value]) => ({ name, value: String(value) }));
}

async function checkPartitions(admin: Admin, options: TopicOptions): Promise<void> {
  const { topic, partitions } = options;
  const actual = await countPartitions(admin, options);
  if (actual === partitions) return;
  throw new StartError(
    `the Kafka topic ${topic} has ${actual} partitions, not the ${partitions} configured: their number is fixed for good, configure ${actual}`,
  );
}

/** kafkajs's own wait (`waitForLeaders`) gives up when a broker has not heard of the topic yet. */
async function countPartitions(admin: Admin, options: TopicOptions): Promise<number> {
  const { topics } = await onceSettled(() => admin.fetchTopicMetadata({ topics: [options.topic] }), options);
  return topics[0]?.partitions.length ?? 0;
}

/** A leader that answers for its offsets also takes records: before that, a first send fails in part, and the rest comes twice. */
async function awaitLeaders(admin: Admin, options: TopicOptions): Promise<void> {
  await onceSettled(() => admin.fetchTopicOffsets(options.topic), options);
}

/** Asks again while the brokers do not know yet what the controller has decided. */
async function onceSettled<T>(ask: () => Promise<T>, { clock = systemClock }: TopicOptions): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await ask();
    } catch (error) {
      if (attempt === settling.attempts || !settling.refusals.some((refusal) => isKafkaRefusal(error, refusal))) throw error;
      await clock.sleep(settling.delayMs);
    }
  }
}
