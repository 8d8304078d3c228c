import { expect, test } from 'vitest';
import { z } from 'zod';
import { ConfigError, isProduction, parseConfig, variable } from './config.ts';

const schema = z.object({
  PORT: variable.port().default(8080),
  SECRET: variable.secret(32),
  DATABASE_URL: variable.url('postgres:', 'postgresql:'),
  DEV: variable.boolean().default(false),
  ORIGINS: variable.list().default([]),
});

test('[L4] a wrong configuration names every faulty variable at once and no secret', () => {
  const env = { PORT: '99999', SECRET: 'short', DEV: 'yes' };
  const faults = faultsOf(() => parseConfig(schema, env));
  expect(faults.map((fault) => fault.variable).sort()).toEqual(['DATABASE_URL', 'DEV', 'PORT', 'SECRET']);
  expect(JSON.stringify(faults)).not.toContain('short');
  expect(faults.find((fault) => fault.variable === 'DATABASE_URL')?.detail).toBe('is required');
});

test('an empty variable counts as absent, and the result is frozen', () => {
  const config = parseConfig(schema, {
    PORT: '',
    SECRET: 's'.repeat(32),
    DATABASE_URL: 'postgres://localhost/x',
    ORIGINS: 'https://a.example, https://b.example',
  });
  expect(config).toEqual({
    PORT: 8080,
    SECRET: 's'.repeat(32),
    DATABASE_URL: 'postgres://localhost/x',
    DEV: false,
    ORIGINS: ['https://a.example', 'https://b.example'],
  });
  expect(Object.isFrozen(config)).toBe(true);
});

test('[L4] the mode is production unless it says development or test', () => {
  expect(isProduction({})).toBe(true);
  expect(isProduction({ NODE_ENV: 'staging' })).toBe(true);
  expect(isProduction({ NODE_ENV: 'development' })).toBe(false);
  expect(isProduction({ NODE_ENV: 'test' })).toBe(false);
});

function faultsOf(parse: () => unknown) {
  try {
    parse();
  } catch (error) {
    if (error instanceof ConfigError) return error.faults;
    throw error;
  }
  throw new Error('the configuration was accepted');
}
