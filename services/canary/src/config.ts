import { variable } from '@carillon/runtime';
import { z } from 'zod';

const levels = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;
const shardAddress = /^(wss?:\/\/\S+[^/]|[^\s:/,]+:\d{1,5})$/;

const variables = {
  CANARY_API_URL: variable.url('http:', 'https:').describe('Base URL of the API, without /v1.'),
  CANARY_SHARDS: variable
    .list()
    .refine(
      (entries) => entries.length > 0 && entries.every((entry) => shardAddress.test(entry)),
      'must be host:port or base URLs ws://…, separated by commas',
    )
    .describe('The shards: base URLs, or host:port of a name that stands for all of them (a headless Service).'),
  CANARY_INTERVAL_SECONDS: variable.integer({ min: 1, max: 3_600 }).default(5).describe('Seconds from one round to the next.'),
  CANARY_TOKEN: z.string().optional().describe('The token of a user of its own. This or AUTH_JWT_SECRET.'),
  AUTH_JWT_SECRET: variable.secret(32).optional().describe('The key of HS256 tokens: the canary makes one for a user of its own.'),
  AUTH_ISSUER: z.string().optional().describe('`iss` of the tokens that it makes.'),
  AUTH_AUDIENCE: z.string().optional().describe('`aud` of the tokens that it makes.'),
  HOST: z.string().default('0.0.0.0').describe('The address to listen on.'),
  ADMIN_PORT: variable.port().default(9090).describe('The port of health and metrics; 0 = any free one.'),
  LOG_LEVEL: z
    .enum(levels, `must be one of ${levels.join(', ')}`)
    .default('info')
    .describe('The least severe lines that are logged.'),
};

/** What the program `bin/canary` needs. `parseConfig` reports all faults at once [L4]. */
export function canarySchema() {
  return z.object(variables).superRefine(
    (config: Readonly<Record<string, unknown>>, context) => {
      const given = [config['CANARY_TOKEN'], config['AUTH_JWT_SECRET']].filter((value) => value !== undefined);
      if (given.length === 0) context.addIssue({ code: 'custom', path: ['CANARY_TOKEN'], message: 'or AUTH_JWT_SECRET is required' });
    },
    { when: () => true },
  );
}

export type CanaryConfig = Readonly<z.output<ReturnType<typeof canarySchema>>>;
