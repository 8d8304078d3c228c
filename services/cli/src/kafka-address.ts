import { StartError } from '@carillon/runtime';

/** Where the notifications are, by the variables that API and shards have too. Throws StartError when no broker is named. */
export function kafkaFrom(env: Readonly<Record<string, string | undefined>>): { brokers: string[]; topic: string } {
  const brokers = (env['KAFKA_BROKERS'] ?? '').split(',').filter((broker) => broker !== '');
  if (brokers.length === 0) throw new StartError('where is Kafka? Set KAFKA_BROKERS, as for the shards');
  return { brokers, topic: env['KAFKA_TOPIC'] || 'carillon.notifications' };
}
