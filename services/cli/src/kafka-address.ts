import { type KafkaSecurity, kafkaSecurity, kafkaSecurityVariables } from '@carillon/event-log';
import { parseConfig, StartError } from '@carillon/runtime';
import { z } from 'zod';

/** Where the notifications are, by the variables that API and shards have too. Throws StartError when no broker is named. */
export function kafkaFrom(env: Readonly<Record<string, string | undefined>>): {
  brokers: string[];
  topic: string;
  security: KafkaSecurity;
} {
  const brokers = (env['KAFKA_BROKERS'] ?? '').split(',').filter((broker) => broker !== '');
  if (brokers.length === 0) throw new StartError('where is Kafka? Set KAFKA_BROKERS, as for the shards');
  const security = kafkaSecurity(parseConfig(z.object(kafkaSecurityVariables), env));
  return { brokers, security, topic: env['KAFKA_TOPIC'] || 'carillon.notifications' };
}
