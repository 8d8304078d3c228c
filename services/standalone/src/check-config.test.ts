import { ConfigError } from '@carillon/runtime';
import { expect, test } from 'vitest';
import { checkConfig } from './check-config.ts';

const right = { DATABASE_URL: 'postgres://localhost/x', AUTH_JWT_SECRET: 'x'.repeat(32), TICKET_SECRET: 'y'.repeat(32) };

test('[L4] the faults of all parts are told at once, each variable once', () => {
  expect(() => checkConfig(right)).not.toThrow();
  try {
    checkConfig({ ...right, TICKET_SECRET: 'short', SEND_RATE: 'x', HEARTBEAT_MS: 'x' });
    expect.unreachable();
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigError);
    if (error instanceof ConfigError)
      expect(error.faults.map((fault) => fault.variable).sort()).toEqual(['HEARTBEAT_MS', 'SEND_RATE', 'TICKET_SECRET']);
  }
});
