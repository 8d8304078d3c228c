import { ConfigError, parseConfig } from '@carillon/runtime';
import { describe, expect, test } from 'vitest';
import { shardConfigSchema, shardProcessSchema } from './config.ts';

const secret = 'x'.repeat(32);
const secrets = { TICKET_SECRET: secret, AUTH_JWT_SECRET: secret };
const faultsOf = (env: Record<string, string>, production = true): string[] => {
  try {
    parseConfig(shardProcessSchema(production), env);
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.faults.map((fault) => fault.variable);
    throw error;
  }
};

describe('the configuration of a shard', () => {
  test('[L4] tells every fault at once, by name', () => {
    const wrong = {
      SHARD_PORT: '70000',
      SHARD_ID: 'a@b',
      SHARD_PUBLIC_URL: 'https://x',
      TICKET_SECRET: 'short',
      AUTH_JWT_SECRET: secret,
      AUTH_JWKS_URL: 'https://id.example/keys',
      ALLOWED_ORIGINS: 'https://chat.example/path',
      UPGRADE_RATE: '-1',
      CONNECTIONS_PER_USER: 'many',
      SHARD_SEND_QUEUE_BYTES: '0',
      DELIVERY_TASKS: '0',
      HEARTBEAT_MS: '1.5',
      REDIS_URL: 'http://redis',
      LOG_LEVEL: 'loud',
      FAILPOINTS: 'shard.after_ws_send=kill',
    };
    expect(faultsOf(wrong).sort()).toEqual([...Object.keys(wrong).filter((name) => name !== 'AUTH_JWT_SECRET'), 'KAFKA_BROKERS'].sort());
  });

  test('[L4] has safe defaults in production, and asks for what has none', () => {
    expect(faultsOf({}).sort()).toEqual(['AUTH_JWT_SECRET', 'KAFKA_BROKERS', 'REDIS_URL', 'SHARD_PUBLIC_URL', 'TICKET_SECRET']);
    const config = parseConfig(shardConfigSchema(true), { ...secrets, SHARD_PUBLIC_URL: 'wss://shard.example/one' });
    expect(config).toMatchObject({
      HOST: '0.0.0.0',
      SHARD_PORT: 8081,
      ALLOWED_ORIGINS: [],
      UPGRADE_RATE: 1_000,
      CONNECTIONS_PER_USER: 20,
      CONNECTIONS_PER_IP: 0,
      SHARD_MAX_CONNECTIONS: 50_000,
      SHARD_SEND_QUEUE_BYTES: 262_144,
      DELIVERY_TASKS: 64,
      HEARTBEAT_MS: 20_000,
      SHARD_DRAIN_SECONDS: 100,
      SHARD_DRAIN_WAIT_SECONDS: 0,
    });
  });

  test('is for loopback in development', () => {
    const config = parseConfig(shardConfigSchema(false), secrets);
    expect(config).toMatchObject({ HOST: '127.0.0.1', UPGRADE_RATE: 0, SHARD_DRAIN_SECONDS: 5, ALLOWED_ORIGINS: ['loopback'] });
    expect(config.SHARD_PUBLIC_URL).toBeUndefined();
    expect(config.SHARD_ID).toMatch(/^[\w.-]+$/);
  });

  test('takes a JWKS URL instead of a secret; beside one only in development, where a secret is always there', () => {
    const jwks = { AUTH_JWKS_URL: 'https://id.example/keys' };
    const others = { TICKET_SECRET: secret, KAFKA_BROKERS: 'k:1', REDIS_URL: 'redis://r', SHARD_PUBLIC_URL: 'wss://shard.example' };
    expect(faultsOf({ ...others, ...jwks })).toEqual([]);
    expect(faultsOf({ ...others, ...secrets, ...jwks })).toEqual(['AUTH_JWKS_URL']);
    expect(faultsOf({ ...others, ...secrets, ...jwks }, false)).toEqual([]);
  });

  test('[L4] a list of no brokers is no list', () => {
    expect(faultsOf({ ...secrets, KAFKA_BROKERS: ' , ', REDIS_URL: 'redis://r', SHARD_PUBLIC_URL: 'wss://x' })).toEqual(['KAFKA_BROKERS']);
  });

  test('describes every variable', () => {
    for (const [name, type] of Object.entries(shardProcessSchema(true).shape))
      expect([name, type.description]).not.toEqual([name, undefined]);
  });

  test.each(['wss://shard.example/', 'wss://shard.example?x=1', 'shard.example', ''])('refuses %j as SHARD_PUBLIC_URL', (url) => {
    expect(faultsOf({ ...secrets, KAFKA_BROKERS: 'k:1', REDIS_URL: 'redis://r', SHARD_PUBLIC_URL: url })).toEqual(['SHARD_PUBLIC_URL']);
  });
});
