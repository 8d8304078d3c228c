import { expect, test } from 'vitest';
import { z } from 'zod';
import { misspeltVariables } from './misspelt-variables.ts';

const names = ['HOST', 'API_PORT', 'REDIS_URL', 'KAFKA_BROKERS', 'SHARD_SEND_QUEUE_BYTES'];
const schema = z.object(Object.fromEntries(names.map((name) => [name, z.string().optional()])));

test.each([
  ['KAFKA_BROKER', 'KAFKA_BROKERS'],
  ['KAFKA_BORKERS', 'KAFKA_BROKERS'],
  ['REDIS_URI', 'REDIS_URL'],
  ['redis_url', 'REDIS_URL'],
  ['CARILLON_API_PORT', 'API_PORT'],
  ['SHARD_SENDQUEUE_BYTE', 'SHARD_SEND_QUEUE_BYTES'],
])('[L8] %s is told as a slip of %s', (variable, meant) => {
  expect(misspeltVariables(schema, { [variable]: 'x', PATH: '/bin' })).toEqual([{ variable, meant }]);
});

test.each(['PORT', 'HOSTNAME', 'HOME', 'REDIS_PORT', 'KAFKA_TOPIC', 'API_URL'])('[L8] %s is a name of its own', (variable) => {
  expect(misspeltVariables(schema, { [variable]: 'x' })).toEqual([]);
});

test('[L8] nothing is told of a name that is set as well', () => {
  expect(misspeltVariables(schema, { KAFKA_BROKER: 'x', KAFKA_BROKERS: 'y' })).toEqual([]);
});
