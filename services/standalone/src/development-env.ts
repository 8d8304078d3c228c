import { randomBytes } from 'node:crypto';

type Env = Readonly<Record<string, string | undefined>>;

/** The caller's variables over development's defaults; secrets are made anew for each run. */
export function developmentEnv(given: Env): Env {
  const present = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined && value !== ''));
  return {
    AUTH_JWT_SECRET: randomBytes(32).toString('hex'),
    TICKET_SECRET: randomBytes(32).toString('hex'),
    DEV_TOKENS: 'true',
    SHARD_DRAIN_SECONDS: '1',
    SHARD_DRAIN_WAIT_SECONDS: '0',
    ...present,
    NODE_ENV: 'development',
  };
}
