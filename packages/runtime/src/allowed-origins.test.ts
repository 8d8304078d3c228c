import { expect, test } from 'vitest';
import { z } from 'zod';
import { allowedOriginsVariable, isAllowedOrigin } from './allowed-origins.ts';
import { ConfigError, parseConfig } from './config.ts';

const parse = (text: string | undefined, production = true) =>
  parseConfig(z.object({ ALLOWED_ORIGINS: allowedOriginsVariable(production) }), { ALLOWED_ORIGINS: text }).ALLOWED_ORIGINS;

test('[L4] origins are spelt as browsers send them: one that could never match is a fault', () => {
  expect(parse('https://chat.example, http://[::1]:3000,loopback')).toEqual(['https://chat.example', 'http://[::1]:3000', 'loopback']);
  const wrong = [
    'https://chat.example/',
    'https://chat.example:443',
    'http://Chat.example',
    'chat.example',
    'null',
    '*',
    'ws://chat.example',
  ];
  for (const text of wrong) expect(() => parse(text), text).toThrow(ConfigError);
});

test('none by default, in development all of this machine', () => {
  expect([parse(undefined), parse(undefined, false)]).toEqual([[], ['loopback']]);
});

test.each([
  ['https://chat.example', true],
  ['http://chat.example', false],
  ['https://chat.example.evil', false],
  ['https://xchat.example', false],
  ['null', false],
  ['loopback', false],
  ['', false],
])('exactly an origin of the list: %s', (origin, isAllowed) => {
  expect(isAllowedOrigin(origin, ['https://chat.example', 'loopback'])).toBe(isAllowed);
});

test.each([
  ['http://localhost:3000', true],
  ['http://127.0.0.1', true],
  ['https://127.1.2.3:8443', true],
  ['http://[::1]:1', true],
  ['http://localhost.evil', false],
  ['http://localhost:80', false], // no browser sends it
  ['https://evil', false],
])('`loopback` is every origin of this machine: %s', (origin, isAllowed) => {
  expect(isAllowedOrigin(origin, ['loopback'])).toBe(isAllowed);
  expect(isAllowedOrigin(origin, [])).toBe(false);
});
