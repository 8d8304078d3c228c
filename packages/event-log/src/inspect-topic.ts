import { silentLogger, withDeadline } from '@carillon/runtime';
import kafkajs, { type Admin } from 'kafkajs';
import { createKafka } from './kafka-client.ts';
import { isKafkaRefusal } from './kafka-errors.ts';
import type { KafkaSecurity } from './kafka-security.ts';
import { KafkaSockets } from './kafka-sockets.ts';

type InspectOptions = { readonly brokers: readonly string[]; readonly security?: KafkaSecurity | undefined; readonly topic: string };

/** What an operator wants to know of Kafka before shards read from it. */
export type TopicFacts = {
  readonly brokers: number;
  /** Undefined where the topic is not there yet. */
  readonly topic?: {
    readonly partitions: number;
    readonly replicationFactor: number;
    readonly timestampType: string;
    readonly minInsyncReplicas: number;
  };
};

const deadlineMs = 15_000;
const fewRetries = { retries: 2, initialRetryTime: 200, maxRetryTime: 1_000 };

/** Rejects within 15 s when no broker can be reached or the user is refused. Changes nothing. */
export async function inspectTopic({ topic, ...address }: InspectOptions): Promise<TopicFacts> {
  const sockets = new KafkaSockets();
  const admin = createKafka({ ...address, sockets, clientId: 'carillon-preflight', logger: silentLogger }, fewRetries).admin();
  try {
    return await withDeadline(inspect(admin, topic), deadlineMs, 'the answer of Kafka');
  } finally {
    sockets.closeAll();
  }
}

async function inspect(admin: Admin, topic: string): Promise<TopicFacts> {
  await admin.connect();
  const brokers = (await admin.describeCluster()).brokers.length;
  const partitions = await partitionsOf(admin, topic);
  if (partitions === undefined) return { brokers };
  const { resources } = await admin.describeConfigs({
    includeSynonyms: false,
    resources: [{ type: kafkajs.ConfigResourceTypes.TOPIC, name: topic, configNames: ['message.timestamp.type', 'min.insync.replicas'] }],
  });
  const settingOf = (name: string) => resources[0]?.configEntries.find((entry) => entry.configName === name)?.configValue ?? '';
  const minInsyncReplicas = Number(settingOf('min.insync.replicas'));
  return { brokers, topic: { ...partitions, timestampType: settingOf('message.timestamp.type'), minInsyncReplicas } };
}

async function partitionsOf(admin: Admin, topic: string): Promise<{ partitions: number; replicationFactor: number } | undefined> {
  try {
    const { topics } = await admin.fetchTopicMetadata({ topics: [topic] });
    const partitions = topics[0]?.partitions ?? [];
    return { partitions: partitions.length, replicationFactor: partitions[0]?.replicas.length ?? 0 };
  } catch (error) {
    if (isKafkaRefusal(error, 'UNKNOWN_TOPIC_OR_PARTITION')) return undefined;
    throw error;
  }
}
