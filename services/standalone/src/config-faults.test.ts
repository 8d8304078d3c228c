import { expect, test } from 'vitest';
import { configFaults } from './config-faults.ts';

const variablesOf = (env: Record<string, string>) =>
  configFaults(env)
    .map((fault) => fault.variable)
    .sort();

test('[L4] the faults of all parts are told at once, each variable once', () => {
  expect(variablesOf({})).toEqual([]);
  expect(variablesOf({ TICKET_SECRET: 'short', SEND_RATE: 'x', HEARTBEAT_MS: 'x' })).toEqual([
    'HEARTBEAT_MS',
    'SEND_RATE',
    'TICKET_SECRET',
  ]);
});

test('[L4] a real service is checked when it is named', () => {
  const names = { DATABASE_URL: 'db', KAFKA_BROKERS: 'broker', REDIS_URL: 'cache' };
  expect(variablesOf(names)).toEqual(['DATABASE_URL', 'KAFKA_BROKERS', 'REDIS_URL']);
  expect(variablesOf({ DATABASE_URL: '', KAFKA_BROKERS: 'b:9092', REDIS_URL: 'redis://b' })).toEqual([]);
});
