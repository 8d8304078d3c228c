import { kafkaSecurityVariables } from '@carillon/event-log';
import { allowedOriginsVariable, variable } from '@carillon/runtime';
import { z } from 'zod';

const minSecretBytes = 32;

/** Variables that an API is composed from, wherever it runs. */
export function apiVariables(production: boolean) {
  return {
    NODE_ENV: z
      .string()
      .optional()
      .transform(() => (production ? ('production' as const) : ('development' as const)))
      .describe('Production mode unless `development` or `test`.'),
    DATABASE_URL: variable.url('postgres:', 'postgresql:').describe('Postgres 15 to 18, the primary: the only truth.'),
    RELAY_DATABASE_URL: variable
      .url('postgres:', 'postgresql:')
      .optional()
      .describe(
        'The same database for the relay, past a pooler that shares sessions: its locks need a session of their own. Default: DATABASE_URL.',
      ),
    DATABASE_CONNECTIONS: variable
      .integer({ min: 2, max: 1000 })
      .default(10)
      .describe('Connections to Postgres that requests share; the relay has one of its own.'),
    HOST: z
      .string()
      .default(production ? '0.0.0.0' : '127.0.0.1')
      .describe('The address to listen on.'),
    API_PORT: variable.port().default(8080).describe('The port of the HTTP API; 0 = any free one.'),
    ...credentialVariables(production),
    ALLOWED_ORIGINS: allowedOriginsVariable(production),
    ...limitVariables(production),
  };
}

function credentialVariables(production: boolean) {
  return {
    AUTH_JWT_SECRET: variable
      .secret(minSecretBytes)
      .optional()
      .describe('The key of HS256 tokens, at least 32 bytes. This or AUTH_JWKS_URL.'),
    AUTH_JWT_SECRET_ALTERNATE: variable
      .secret(minSecretBytes)
      .optional()
      .describe('A second key of HS256 tokens that is accepted: the next one before a change of AUTH_JWT_SECRET, the last one after it.'),
    AUTH_JWKS_URL: variable.url('https:', 'http:').optional().describe('Where the keys of asymmetrically signed tokens are published.'),
    AUTH_ISSUER: z.string().optional().describe('What `iss` of a token must be.'),
    AUTH_AUDIENCE: z.string().optional().describe('What `aud` of a token must be.'),
    TICKET_SECRET: variable
      .secret(minSecretBytes)
      .describe('The key of connection tickets, at least 32 bytes; the same for API and shards.'),
    TICKET_SECRET_ALTERNATE: variable
      .secret(minSecretBytes)
      .optional()
      .describe(
        'A second key of tickets that is accepted, never signed with: the next one before a change of TICKET_SECRET, the last one after it.',
      ),
    DEV_TOKENS: variable
      .boolean()
      .default(false)
      .refine((isOn) => !(isOn && production), 'must not be true in production: it gives anyone a token for any user')
      .describe('`POST /v1/dev/tokens` gives a token for any user: for development only.'),
  };
}

function limitVariables(production: boolean) {
  return {
    SEND_RATE: variable
      .integer({ min: 0, max: 1_000_000 })
      .default(production ? 50 : 0)
      .describe('Messages that a user may send in 10 s through one API process; 0 = no limit.'),
    API_DRAIN_WAIT_SECONDS: variable
      .integer({ min: 0, max: 300 })
      .default(production ? 5 : 0)
      .describe('Seconds that the API serves on after SIGTERM, not ready, until the load balancers know.'),
    CHAT_MAX_MEMBERS: variable.integer({ min: 2, max: 1_000_000 }).default(10_000).describe('Members that a chat may have.'),
    EVENT_RETENTION_DAYS: variable.integer({ min: 2, max: 36_500 }).default(30).describe('Days that `/events` and `/sync` reach back.'),
  };
}

const broker = /^[^\s:,]+:\d{1,5}$/;

export const kafkaVariables = {
  KAFKA_BROKERS: variable
    .list()
    .refine((brokers) => brokers.length > 0 && brokers.every((entry) => broker.test(entry)), 'must be host:port, separated by commas')
    .describe('Kafka brokers, host:port, separated by commas.'),
  KAFKA_TOPIC: z
    .string()
    .regex(/^[A-Za-z0-9._-]{1,249}$/, 'must be a topic name')
    .default('carillon.notifications')
    .describe('The topic of notifications.'),
  KAFKA_PARTITIONS: variable.integer({ min: 1, max: 1024 }).default(64).describe('Partitions of the topic, fixed for good.'),
  ...kafkaSecurityVariables,
};

/** Variables of a process of its own. */
export const processVariables = {
  REDIS_URL: variable.url('redis:', 'rediss:').describe('Redis: which shard holds whom.'),
  ADMIN_PORT: variable.port().default(9090).describe('The port of health and metrics; 0 = any free one.'),
};

const levels = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;

export const logVariables = {
  LOG_LEVEL: z
    .enum(levels, `must be one of ${levels.join(', ')}`)
    .default('info')
    .describe('The least severe lines that are logged.'),
  LOG_PRETTY: variable.boolean().optional().describe('Lines for people instead of JSON; by default on a terminal in development.'),
};
