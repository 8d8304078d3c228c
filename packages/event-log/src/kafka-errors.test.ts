import { KafkaJSNonRetriableError, KafkaJSNumberOfRetriesExceeded, KafkaJSProtocolError } from 'kafkajs';
import { expect, test } from 'vitest';
import { isKafkaRefusal, toEventLogError } from './kafka-errors.ts';

const protocolError = (type: string) => {
  const error = new KafkaJSProtocolError(new Error(type));
  return Object.assign(error, { type });
};

test('[D11] a refusal for size is seen through whatever kafkajs wraps around it', () => {
  for (const type of ['MESSAGE_TOO_LARGE', 'RECORD_LIST_TOO_LARGE']) {
    const inner = protocolError(type);
    expect(toEventLogError(inner).tooLarge).toBe(true);
    expect(toEventLogError(Object.assign(new KafkaJSNonRetriableError('wrapped'), { cause: inner })).tooLarge).toBe(true);
    expect(toEventLogError(new KafkaJSNumberOfRetriesExceeded(inner, { retryCount: 1, retryTime: 1 })).tooLarge).toBe(true);
  }
});

test('every other error may be tried again, and keeps its cause', () => {
  for (const error of [protocolError('NOT_ENOUGH_REPLICAS'), new Error('x'), 'text', undefined]) {
    const translated = toEventLogError(error);
    expect(translated).toMatchObject({ tooLarge: false, cause: error });
  }
});

test('causes that form a circle end', () => {
  const [a, b] = [new Error('a'), new Error('b')];
  a.cause = b;
  b.cause = a;
  expect(isKafkaRefusal(a, 'UNKNOWN_MEMBER_ID')).toBe(false);
});
