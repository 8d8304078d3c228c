import { ConfigError, parseConfig } from '@carillon/runtime';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { apiConfigSchema, apiProcessSchema, migrateSchema } from './config.ts';

const secret = 'x'.repeat(32);
const sound = { DATABASE_URL: 'postgres://db/carillon', AUTH_JWT_SECRET: secret, TICKET_SECRET: secret };

const faultsOf = (schema: z.ZodType, env: Record<string, string>) => {
  try {
    parseConfig(schema, env);
  } catch (error) {
    if (error instanceof ConfigError) return error.faults.map(({ variable }) => variable).toSorted();
    throw error;
  }
  return [];
};

test('defaults are those of the contract, by mode', () => {
  expect(parseConfig(apiConfigSchema(true), sound)).toMatchObject({
    NODE_ENV: 'production',
    HOST: '0.0.0.0',
    API_PORT: 8080,
    SEND_RATE: 50,
    API_DRAIN_WAIT_SECONDS: 5,
    CHAT_MAX_MEMBERS: 10_000,
    EVENT_RETENTION_DAYS: 30,
    DEV_TOKENS: false,
  });
  expect(parseConfig(apiConfigSchema(false), { ...sound, DEV_TOKENS: 'true' })).toMatchObject({
    NODE_ENV: 'development',
    HOST: '127.0.0.1',
    SEND_RATE: 0,
    API_DRAIN_WAIT_SECONDS: 0,
    DEV_TOKENS: true,
  });
});

test('[L4] every fault is told at once, those of variables that belong together too', () => {
  const env = {
    DATABASE_URL: 'mysql://db',
    KAFKA_BROKERS: 'nowhere',
    TICKET_SECRET: 'short',
    API_PORT: '70000',
    SEND_RATE: 'many',
    EVENT_RETENTION_DAYS: '1',
    DEV_TOKENS: 'true',
    ALLOWED_ORIGINS: 'app.example',
    LOG_LEVEL: 'loud',
    FAILPOINTS: 'api.after_commit=kill',
  };
  expect(faultsOf(apiProcessSchema(true), env)).toEqual([
    'ALLOWED_ORIGINS',
    'API_PORT',
    'AUTH_JWT_SECRET',
    'DATABASE_URL',
    'DEV_TOKENS',
    'EVENT_RETENTION_DAYS',
    'FAILPOINTS',
    'KAFKA_BROKERS',
    'LOG_LEVEL',
    'REDIS_URL',
    'SEND_RATE',
    'TICKET_SECRET',
  ]);
});

test('[S2] the algorithm is fixed: one source of keys, and dev tokens need the secret', () => {
  const jwks = { AUTH_JWKS_URL: 'https://id.example/jwks' };
  const { AUTH_JWT_SECRET: _, ...withoutSecret } = sound;
  expect(faultsOf(apiConfigSchema(true), { ...sound, ...jwks })).toEqual(['AUTH_JWKS_URL']);
  expect(faultsOf(apiConfigSchema(true), { ...withoutSecret, ...jwks })).toEqual([]);
  expect(faultsOf(apiConfigSchema(false), { ...withoutSecret, ...jwks, DEV_TOKENS: 'true' })).toEqual(['DEV_TOKENS']);
});

test('a short secret is not shown', () => {
  expect(() => parseConfig(apiConfigSchema(true), { ...sound, TICKET_SECRET: 'hunter2' })).toThrow(/^(?!.*hunter2)/s);
});

test('every variable is described', () => {
  for (const schema of [apiProcessSchema(true), migrateSchema()]) {
    for (const [name, type] of Object.entries(schema.shape)) expect(z.globalRegistry.get(type)?.description, name).toBeTruthy();
  }
});
