import { expect, test } from 'vitest';
import { z } from 'zod';
import { ConfigError, parseConfig } from './config.ts';
import { armFailpoints, failpointsVariable } from './failpoints.ts';

const parse = (FAILPOINTS: string, production = false) =>
  parseConfig(z.object({ FAILPOINTS: failpointsVariable(production) }), { FAILPOINTS });

function arm(text: string, chance = 0) {
  const seen: string[] = [];
  const effects = {
    kill: () => void seen.push('kill'),
    sleep: async (ms: number) => void seen.push(`sleep ${ms}`),
    block: (ms: number) => void seen.push(`block ${ms}`),
    random: () => chance,
  };
  return { seen, failpoint: armFailpoints(parse(text).FAILPOINTS, effects) };
}

test('without FAILPOINTS there is no failpoint at all', () => {
  expect(armFailpoints(parseConfig(z.object({ FAILPOINTS: failpointsVariable(true) }), {}).FAILPOINTS)).toBeUndefined();
});

test('a rule acts at its place only, at every pass or at the one it names', async () => {
  const { seen, failpoint } = arm('api.after_commit=kill@3; relay.after_send=sleep:250');
  for (let pass = 1; pass <= 4; pass += 1) {
    await failpoint?.('api.after_commit');
    seen.push(`passed ${pass}`);
  }
  await failpoint?.('relay.after_send');
  await failpoint?.('relay.after_send');
  await failpoint?.('api.before_commit');
  expect(seen).toEqual(['passed 1', 'passed 2', 'kill', 'passed 3', 'passed 4', 'sleep 250', 'sleep 250']);
});

test('a probability decides, the event loop blocks, a handler throws a TypeError', () => {
  expect(arm('api.after_commit=kill:0.02', 0.03).failpoint?.('api.after_commit')).toBeUndefined();
  const unlucky = arm('api.after_commit=kill:0.02;shard.after_ws_send=block:7;shard.handler_error=throw', 0.01);
  for (const name of ['api.after_commit', 'shard.after_ws_send'] as const) void unlucky.failpoint?.(name);
  expect(unlucky.seen).toEqual(['kill', 'block 7']);
  expect(() => unlucky.failpoint?.('shard.handler_error')).toThrow(TypeError);
});

test.each([
  'api.after_comit=kill',
  'api.after_commit=explode',
  'api.after_commit=sleep',
  'api.after_commit=kill:2',
  'api.after_commit=kill@0',
])('[L4] %s is a fault of the configuration', (text) => {
  expect(() => parse(text)).toThrow(ConfigError);
});

test('[L4] production refuses failpoints', () => {
  expect(() => parse('api.after_commit=kill', true)).toThrow(/must not be set in production/);
});
