import { expect, test } from 'vitest';
import { readOptions } from './options.ts';

test('flags win over the environment, the environment over the defaults', () => {
  expect(readOptions([], {})).toMatchObject({
    host: '127.0.0.1',
    apiPort: 8080,
    firstShardPort: 8081,
    adminPort: 9090,
    shards: 2,
    dataDir: '.data',
    demo: true,
  });
  const env = { API_PORT: '7000', SHARD_PORT: '7001', ADMIN_PORT: '', DATABASE_URL: 'postgres://localhost/x' };
  expect(readOptions(['--port', '6000', '--no-demo', '--shards', '3'], env)).toMatchObject({
    apiPort: 6000,
    firstShardPort: 7001,
    adminPort: 9090,
    shards: 3,
    demo: false,
    databaseUrl: 'postgres://localhost/x',
  });
});

test('the names of the topic and of the group are the caller’s', () => {
  expect(readOptions([], {})).toMatchObject({ kafkaTopic: 'carillon.notifications', kafkaGroup: 'carillon-shards', partitions: 64 });
  const env = { KAFKA_TOPIC: 'mine', KAFKA_GROUP: 'ours', KAFKA_PARTITIONS: '8' };
  expect(readOptions([], env)).toMatchObject({ kafkaTopic: 'mine', kafkaGroup: 'ours', partitions: 8 });
});

test('all faults stand in one sentence', () => {
  expect(() => readOptions([], { LOG_LEVEL: 'loud' })).toThrow(/LOG_LEVEL must be one of/);
  expect(() => readOptions(['--port', '0', '--shards', 'many'], { ADMIN_PORT: 'x' })).toThrow(/--port.*--admin-port.*--shards/s);
  expect(() => readOptions(['--prot', '1'], {})).toThrow(/--prot/);
});

test('[L4] development parts refuse production mode', () => {
  expect(() => readOptions([], { NODE_ENV: 'production' })).toThrow(/NODE_ENV is production/);
  expect(readOptions([], { NODE_ENV: 'test' })).toMatchObject({ demo: true });
});

test('PG* without DATABASE_URL is refused by name', () => {
  expect(() => readOptions([], { PGHOST: 'db', PGUSER: 'me' })).toThrow(/PGHOST, PGUSER/);
  expect(readOptions([], { PGHOST: 'db', DATABASE_URL: 'postgres://localhost/x' })).toMatchObject({
    databaseUrl: 'postgres://localhost/x',
  });
});
