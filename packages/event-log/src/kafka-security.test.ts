import { type ConfigError, parseConfig } from '@carillon/runtime';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { checkKafkaSecurity, kafkaSecurity, kafkaSecurityVariables } from './kafka-security.ts';

const schema = z.object(kafkaSecurityVariables).superRefine(checkKafkaSecurity, { when: () => true });

test('[S9] nothing is set: plain text, without a user', () => {
  expect(kafkaSecurity(parseConfig(schema, {}))).toEqual({});
});

test('[S9] TLS, a client certificate and a user', () => {
  const user = { KAFKA_SASL_MECHANISM: 'scram-sha-512', KAFKA_USERNAME: 'carillon', KAFKA_PASSWORD: 'secret' };
  const env = { KAFKA_TLS: 'true', KAFKA_CLIENT_CERT: 'CERT', KAFKA_CLIENT_KEY: 'KEY', ...user };
  expect(kafkaSecurity(parseConfig(schema, env))).toEqual({
    tls: { cert: 'CERT', key: 'KEY' },
    sasl: { mechanism: 'scram-sha-512', username: 'carillon', password: 'secret' },
  });
});

test.each([
  [{ KAFKA_CLIENT_CERT: 'c' }, ['KAFKA_CLIENT_CERT', 'KAFKA_CLIENT_KEY']],
  [{ KAFKA_TLS: 'true', KAFKA_CLIENT_KEY: 'k' }, ['KAFKA_CLIENT_CERT']],
  [{ KAFKA_SASL_MECHANISM: 'plain' }, ['KAFKA_PASSWORD', 'KAFKA_USERNAME']],
  [{ KAFKA_USERNAME: 'u', KAFKA_PASSWORD: 'p' }, ['KAFKA_SASL_MECHANISM', 'KAFKA_SASL_MECHANISM']],
  [{ KAFKA_SASL_MECHANISM: 'gssapi' }, ['KAFKA_PASSWORD', 'KAFKA_SASL_MECHANISM', 'KAFKA_USERNAME']],
])('[S9] what needs another variable says so: %j', (env, expected) => {
  expect(faultsOf(env)).toEqual(expected);
});

function faultsOf(env: Record<string, string>): string[] {
  try {
    parseConfig(schema, env);
  } catch (error) {
    return (error as ConfigError).faults.map(({ variable }) => variable).toSorted();
  }
  return [];
}
