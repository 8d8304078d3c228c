import { Kafka, logLevel } from 'kafkajs';

/** A record as nobody of ours would write it. */
export type Garbage = { readonly value: string | null; readonly headers?: Readonly<Record<string, string>> };

/** Appends such records to one partition, past our own writer. */
export async function appendGarbage(brokers: string, topic: string, partition: number, records: readonly Garbage[]): Promise<void> {
  const producer = new Kafka({ clientId: 'garbage', brokers: brokers.split(','), logLevel: logLevel.NOTHING }).producer();
  await producer.connect();
  try {
    const messages = records.map(({ value, headers }) => ({
      partition,
      key: 'garbage',
      value,
      ...(headers === undefined ? {} : { headers }),
    }));
    await producer.send({ topic, messages });
  } finally {
    await producer.disconnect();
  }
}
