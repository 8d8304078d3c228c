import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
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

test('[L9] a variable may stand in a file, without its last line break', () => {
  const file = inFile(`${'s'.repeat(32)}\n`);
  const config = parseConfig(schema, { SECRET_FILE: file, DATABASE_URL_FILE: inFile('postgres://localhost/x'), PORT: '1' });
  expect(config).toMatchObject({ SECRET: 's'.repeat(32), DATABASE_URL: 'postgres://localhost/x', PORT: 1 });
});

test('[L9] a file that is away or empty, a variable set beside its file, a bad value in a file: faults, and no secret is told', () => {
  const env = {
    SECRET: 's'.repeat(40),
    SECRET_FILE: inFile('t'.repeat(40)),
    DATABASE_URL_FILE: '/nowhere/url',
    PORT_FILE: inFile('hunter2'),
    ORIGINS_FILE: inFile('\n'),
  };
  const faults = faultsOf(() => parseConfig(schema, env));
  expect(Object.fromEntries(faults.map(({ variable: name, detail }) => [name, detail]))).toEqual({
    SECRET_FILE: 'must not be set beside SECRET',
    DATABASE_URL_FILE: 'cannot be read: ENOENT',
    PORT: 'must be a whole number',
    ORIGINS_FILE: 'names an empty file',
  });
});

function inFile(text: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'carillon-config-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  writeFileSync(join(folder, 'value'), text);
  return join(folder, 'value');
}

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
