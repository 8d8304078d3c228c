import { fromKafkaMessage } from '@carillon/event-log/kafka-steps';
import { expect, test } from 'vitest';
import { decodeBatch, encodeBatch } from './record-batch.ts';

test('a record comes out of the bytes of a batch as it went in', async () => {
  const record = (seq: number) => ({
    partition: 3,
    recipients: [`u${seq}`],
    chatId: 'c',
    seq,
    event: 'message.created',
    value: Buffer.from(`v${seq}`),
  });
  const messages = await decodeBatch(await encodeBatch([record(1), record(2)], 40));
  const records = messages.map((message) => fromKafkaMessage(message, 3, 9));
  expect(records).toMatchObject([
    { ...record(1), offset: 40, generation: 9 },
    { ...record(2), offset: 41, generation: 9 },
  ]);
});
