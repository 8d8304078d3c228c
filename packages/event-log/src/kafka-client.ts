import type { Logger } from '@carillon/runtime';
import { Kafka, type KafkaConfig, type LogEntry, logLevel, type SASLOptions } from 'kafkajs';
import { patchKafkaFetch } from './kafka-fetch-patch.ts';
import type { KafkaSecurity } from './kafka-security.ts';
import { KafkaSockets } from './kafka-sockets.ts';
import { patchKafkaTimer } from './kafka-timer-patch.ts';

/** How to reach Kafka. */
export type KafkaAddress = {
  /** `host:port` of some of the brokers. */
  readonly brokers: readonly string[];
  readonly clientId: string;
  readonly logger: Logger;
  readonly security?: KafkaSecurity | undefined;
  readonly sockets?: KafkaSockets | undefined;
};

/** Retries end after about 40 s; whoever must not give up starts again. */
const patient = { initialRetryTime: 200, maxRetryTime: 5_000, retries: 10, factor: 0.5 };

/** The one place where kafkajs is configured. */
export function createKafka(address: KafkaAddress, retry: KafkaConfig['retry'] = patient): Kafka {
  patchKafkaTimer();
  patchKafkaFetch();
  const sockets = address.sockets ?? new KafkaSockets();
  const { tls, sasl } = address.security ?? {};
  return new Kafka({
    ...(tls === undefined ? {} : { ssl: { ...tls } }),
    ...(sasl === undefined ? {} : { sasl: sasl as SASLOptions }),
    clientId: address.clientId,
    brokers: [...address.brokers],
    connectionTimeout: 5_000,
    requestTimeout: 10_000,
    enforceRequestTimeout: true,
    retry,
    socketFactory: sockets.open,
    logLevel: logLevel.WARN,
    logCreator: () => (entry) => logEntry(address.logger, entry),
  });
}

/** Parts of kafkajs that report each failed attempt, ten for a rebalance, hundreds for an outage: for debugging only. */
const chatty = ['Connection', 'BrokerPool', 'RequestQueue'];

/** kafkajs calls every failure an error and retries nearly all of them. Stacks and record contents stay out. */
function logEntry(logger: Logger, { namespace, level, log }: LogEntry): void {
  const fields = { namespace, detail: log.message, cause: log['error'], broker: log['broker'], group: log['groupId'] };
  if (chatty.includes(namespace)) logger.debug(fields, 'a Kafka connection reports');
  else if (level === logLevel.ERROR) logger.warn(fields, 'the Kafka client reports a problem');
  else logger.info(fields, 'the Kafka client reports');
}
