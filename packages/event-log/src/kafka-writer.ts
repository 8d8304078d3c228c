import { assert, type Clock, type Logger, systemClock, withDeadline } from '@carillon/runtime';
import type { Kafka, Producer } from 'kafkajs';
import type { EventLogWriter, LogRecord } from './event-log.ts';
import { createKafka } from './kafka-client.ts';
import { toEventLogError } from './kafka-errors.ts';
import { toKafkaMessage } from './kafka-record.ts';
import type { KafkaSecurity } from './kafka-security.ts';
import { KafkaSockets } from './kafka-sockets.ts';
import { untilAborted } from './until-aborted.ts';

type KafkaWriterOptions = {
  readonly brokers: readonly string[];
  readonly security?: KafkaSecurity | undefined;
  readonly topic: string;
  readonly clientId: string;
  readonly logger: Logger;
  readonly clock?: Clock;
};

const retryDelayMs = 1_000;
const ackTimeoutMs = 8_000;
const disconnectDeadlineMs = 10_000;
/** An append that waits longer than this tells that Kafka is away. */
const slowAppendMs = 5_000;

/**
 * Appends to a Kafka topic. Not idempotent, and one `sendBatch` at a time: kafkajs loses acknowledged records otherwise
 * (#598, #1005) or reorders them when it retries. So a failed append leaves duplicates at most [D3]. It holds one batch, of the
 * caller's making; an append ends with kafkajs's tries, each within its request time limit (10 s), and after `slowAppendMs` counts as away.
 */
export class KafkaWriter implements EventLogWriter {
  readonly #options: KafkaWriterOptions;
  readonly #clock: Clock;
  readonly #sockets = new KafkaSockets();
  readonly #kafka: Kafka;
  readonly #producer: Producer;
  #partitionCount = 0;
  #isReachable = false;
  #appendingSinceMs: number | undefined;

  constructor(options: KafkaWriterOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#kafka = createKafka({ ...options, sockets: this.#sockets });
    this.#producer = this.#kafka.producer({
      idempotent: false,
      maxInFlightRequests: 1,
      allowAutoTopicCreation: false,
      createPartitioner:
        () =>
        ({ message }) =>
          message.partition ?? 0,
    });
  }

  /** As many as the topic has: in effect for good, whatever the configuration says. */
  get partitionCount(): number {
    assert(this.#partitionCount > 0, 'a writer is opened before its partitions are asked for');
    return this.#partitionCount;
  }

  async open(signal: AbortSignal): Promise<void> {
    while (!this.#isReachable) {
      signal.throwIfAborted();
      try {
        await untilAborted(this.#connect(), signal);
      } catch (err) {
        signal.throwIfAborted();
        this.#options.logger.warn({ err, topic: this.#options.topic }, 'the event log cannot be opened, trying again');
        await this.#clock.sleep(retryDelayMs, signal);
      }
    }
  }

  isOpen(): boolean {
    const since = this.#appendingSinceMs;
    return this.#isReachable && (since === undefined || this.#clock.monotonicMs() - since < slowAppendMs);
  }

  async append(records: readonly LogRecord[]): Promise<void> {
    assert(this.#appendingSinceMs === undefined, 'one append at a time');
    this.#appendingSinceMs = this.#clock.monotonicMs();
    try {
      const messages = records.map(toKafkaMessage);
      await this.#producer.sendBatch({ acks: -1, timeout: ackTimeoutMs, topicMessages: [{ topic: this.#options.topic, messages }] });
      this.#isReachable = true;
    } catch (error) {
      const failure = toEventLogError(error);
      this.#isReachable = failure.tooLarge;
      throw failure;
    } finally {
      this.#appendingSinceMs = undefined;
    }
  }

  /** Ends the connections, within 10 s; an append that is still in flight fails. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#isReachable = false;
    try {
      await withDeadline(this.#producer.disconnect(), disconnectDeadlineMs, 'disconnecting the producer');
    } catch (err) {
      this.#options.logger.warn({ err }, 'the producer did not disconnect in order');
    } finally {
      this.#sockets.closeAll();
    }
  }

  async #connect(): Promise<void> {
    await this.#producer.connect();
    this.#partitionCount = await this.#readPartitionCount();
    this.#isReachable = true;
  }

  async #readPartitionCount(): Promise<number> {
    const admin = this.#kafka.admin();
    try {
      await admin.connect();
      const { topics } = await admin.fetchTopicMetadata({ topics: [this.#options.topic] });
      return topics[0]?.partitions.length ?? 0;
    } finally {
      await admin.disconnect();
    }
  }
}
