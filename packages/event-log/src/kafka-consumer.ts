import type { Consumer, PartitionAssigner } from 'kafkajs';
import { createKafka, type KafkaAddress } from './kafka-client.ts';

type ConsumerOptions = KafkaAddress & {
  readonly groupId: string;
  readonly assigner: PartitionAssigner;
  /** Whether a consumer that crashed over a passing failure starts again. */
  readonly mayRestart: () => boolean;
};

const sessionMs = 15_000;

/**
 * The consumer of the notifications. A rebalance is noticed by a heartbeat or after `maxWaitTimeInMs`, hence their small values;
 * Kafka ends a waiting fetch as soon as there is a record, so they cost no latency. The byte limits bound a fetch in memory.
 */
export function createConsumer({ groupId, assigner, mayRestart, ...address }: ConsumerOptions): Consumer {
  return createKafka(address).consumer({
    groupId,
    sessionTimeout: sessionMs,
    rebalanceTimeout: sessionMs,
    heartbeatInterval: 1_500,
    maxWaitTimeInMs: 250,
    minBytes: 1,
    maxBytes: 4 << 20,
    maxBytesPerPartition: 512 << 10,
    metadataMaxAge: 60_000,
    allowAutoTopicCreation: false,
    partitionAssigners: [assigner],
    retry: { retries: 10, restartOnFailure: async () => mayRestart() },
  });
}
