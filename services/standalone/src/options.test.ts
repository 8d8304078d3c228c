import { ConfigError } from '@carillon/runtime';
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

function faultsOf(args: readonly string[], env: Record<string, string>): string[] {
  try {
    readOptions(args, env);
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.faults.map(({ variable, detail }) => `${variable} ${detail}`);
    throw error;
  }
}

test('[L4] the faults of flags and of all variables are told at once', () => {
  const faults = faultsOf(['--port', '0', '--shards', 'many'], { ADMIN_PORT: 'x', LOG_LEVEL: 'loud', SEND_RATE: 'x' });
  expect(faults).toEqual([
    'API_PORT (--port) must be a whole number from 1 to 65535',
    'ADMIN_PORT (--admin-port) must be a whole number from 1 to 65535',
    '--shards must be a whole number from 1 to 16',
    'SEND_RATE must be a whole number',
    expect.stringContaining('LOG_LEVEL must be one of'),
  ]);
});

test('a flag that does not exist is named', () => {
  expect(() => readOptions(['--prot', '1'], {})).toThrow(/--prot/);
});

test('[L4] development parts refuse production mode', () => {
  expect(faultsOf([], { NODE_ENV: 'production' })).toEqual([expect.stringContaining('NODE_ENV is production')]);
  expect(readOptions([], { NODE_ENV: 'test' })).toMatchObject({ demo: true });
});

test('PG* without DATABASE_URL is refused by name', () => {
  expect(faultsOf([], { PGHOST: 'db', PGSSLMODE: 'require', PGUSER: '' })).toEqual([
    expect.stringMatching(/^PGHOST, PGSSLMODE set without/),
  ]);
  expect(readOptions([], { PGHOST: 'db', DATABASE_URL: 'postgres://localhost/x' })).toMatchObject({
    databaseUrl: 'postgres://localhost/x',
  });
});
