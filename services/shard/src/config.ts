import { hostname } from 'node:os';
import { checkKafkaSecurity, kafkaSecurityVariables } from '@carillon/event-log';
import { allowedOriginsVariable, failpointsVariable, variable } from '@carillon/runtime';
import { z } from 'zod';

const minSecretBytes = 32;
const noLimit = Number.MAX_SAFE_INTEGER;

/**
 * What a shard is configured by, as environment variables. Defaults are safe for production; development ones are for a loopback
 * machine. The service's URLs are not here: which event log and presence are used is decided by who composes the process.
 */
export function shardConfigSchema(production: boolean) {
  return z.object(shardVariables(production)).superRefine(checkCredentials(production), { when: () => true });
}

export type ShardConfig = Readonly<z.output<ReturnType<typeof shardConfigSchema>>>;

function shardVariables(production: boolean) {
  return { ...addressVariables(production), ...credentialVariables, ...limitVariables(production) };
}

function addressVariables(production: boolean) {
  return {
    HOST: z
      .string()
      .default(production ? '0.0.0.0' : '127.0.0.1')
      .describe('Address that is listened on.'),
    SHARD_PORT: variable.port().default(8081).describe('Port for WebSockets; 0 takes a free one.'),
    SHARD_ID: z
      .string()
      .regex(/^[\w.-]{1,64}$/, 'must be 1 to 64 letters, digits, dots, hyphens or underscores')
      .default(() =>
        hostname()
          .replace(/[^\w.-]/g, '-')
          .slice(0, 64),
      )
      .describe('Name of this shard, the same after a restart, unique in the cluster. Default: the host name.'),
    SHARD_PUBLIC_URL: publicUrl(production),
    ALLOWED_ORIGINS: allowedOriginsVariable(production),
    UWS_SHA256: z
      .string()
      .regex(/^[0-9a-f]{64}$/, 'must be 64 hexadecimal digits')
      .optional()
      .describe(
        "SHA-256 of the WebSocket engine's file where it is the official release, as in the image; by default that of the lockfile's.",
      ),
  };
}

const credentialVariables = {
  TICKET_SECRET: variable.secret(minSecretBytes).describe('Signs connection tickets; the same for API and shards.'),
  TICKET_SECRET_ALTERNATE: variable
    .secret(minSecretBytes)
    .optional()
    .describe(
      'A second key of tickets that is accepted, never signed with: the next one before a change of TICKET_SECRET, the last one after it.',
    ),
  AUTH_JWT_SECRET: variable
    .secret(minSecretBytes)
    .optional()
    .describe('Verifies user tokens (HS256), at least 32 bytes: `bearer.` credentials. This or AUTH_JWKS_URL.'),
  AUTH_JWT_SECRET_ALTERNATE: variable
    .secret(minSecretBytes)
    .optional()
    .describe('A second key of HS256 tokens that is accepted: the next one before a change of AUTH_JWT_SECRET, the last one after it.'),
  AUTH_JWKS_URL: variable.url('https:', 'http:').optional().describe('Verifies user tokens by the keys found there, instead of a secret.'),
  AUTH_ISSUER: z.string().optional().describe('Required `iss` of user tokens.'),
  AUTH_AUDIENCE: z.string().optional().describe('Required `aud` of user tokens.'),
};

function limitVariables(production: boolean) {
  return {
    UPGRADE_RATE: variable
      .integer({ min: 0, max: 1_000_000 })
      .default(production ? 1_000 : 0)
      .describe('New connections per second and shard, burst twice that; 0 = off.'),
    CONNECTIONS_PER_USER: variable
      .integer({ min: 0, max: 10_000 })
      .default(20)
      .describe('Connections of one user on one shard; the oldest is closed with 4503. 0 = off.'),
    CONNECTIONS_PER_IP: variable
      .integer({ min: 0, max: 1_000_000 })
      .default(0)
      .describe('Connections from one address; not behind a proxy that hides addresses. 0 = off.'),
    SHARD_MAX_CONNECTIONS: variable
      .integer({ min: 1, max: 10_000_000 })
      .default(50_000)
      .describe('Connections of one shard, never above the descriptor limit.'),
    SHARD_SEND_QUEUE_BYTES: variable
      .integer({ min: 4_096, max: noLimit })
      .default(262_144)
      .describe('Bytes that may wait for one connection before its backlog collapses [D5].'),
    DELIVERY_TASKS: variable
      .integer({ min: 1, max: 10_000 })
      .default(64)
      .describe('Tasks of the delivery pool; lane = partition mod tasks.'),
    HEARTBEAT_MS: variable.integer({ min: 100, max: 300_000 }).default(20_000).describe('Period of `heartbeat` frames, in milliseconds.'),
    SHARD_DRAIN_SECONDS: variable
      .integer({ min: 0, max: 3_600 })
      .default(production ? 100 : 5)
      .describe('Longest window in which a draining shard sends its clients elsewhere; none without connections.'),
    SHARD_DRAIN_WAIT_SECONDS: variable
      .integer({ min: 0, max: 600 })
      .default(0)
      .describe('How long a draining shard serves on until load balancers have noticed.'),
  };
}

/**
 * Also looked at when single variables are at fault: all faults are reported at once [L4]. In development a secret is always there:
 * with a JWKS URL beside it, the secret rules, as in the API.
 */
function checkCredentials(production: boolean) {
  return (config: Readonly<Record<string, unknown>>, context: z.RefinementCtx): void => {
    const [secret, jwksUrl] = [config['AUTH_JWT_SECRET'], config['AUTH_JWKS_URL']];
    const fault = (variable: string, message: string) => context.addIssue({ code: 'custom', path: [variable], message });
    if (secret === undefined && config['AUTH_JWT_SECRET_ALTERNATE'] !== undefined)
      fault('AUTH_JWT_SECRET_ALTERNATE', 'needs AUTH_JWT_SECRET');
    if (secret === undefined && jwksUrl === undefined) fault('AUTH_JWT_SECRET', 'or AUTH_JWKS_URL is required');
    if (production && secret !== undefined && jwksUrl !== undefined)
      fault('AUTH_JWKS_URL', 'must not be set beside AUTH_JWT_SECRET: one of them fixes the algorithm');
  };
}

const broker = /^[^\s:,]+:\d{1,5}$/;
const levels = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;

/** The whole environment of `bin/shard.ts`: the shard's, and that of the real services and the process around it. */
export function shardProcessSchema(production: boolean) {
  const variables = {
    NODE_ENV: z
      .string()
      .default(production ? 'production' : 'development')
      .describe('Production mode unless `development` or `test`.'),
    ...shardVariables(production),
    KAFKA_BROKERS: variable
      .list()
      .refine((brokers) => brokers.length > 0 && brokers.every((entry) => broker.test(entry)), 'must be host:port, separated by commas')
      .describe('Kafka brokers, `host:port`, comma-separated.'),
    KAFKA_TOPIC: z.string().default('carillon.notifications').describe('Topic of the notifications.'),
    KAFKA_PARTITIONS: variable
      .integer({ min: 1, max: 10_000 })
      .default(64)
      .describe('Partitions of the topic; fixed for good, because the count decides which partition a user is in.'),
    ...kafkaSecurityVariables,
    KAFKA_GROUP: z.string().default('carillon-shards').describe('Consumer group of the shards.'),
    REDIS_URL: variable.url('redis:', 'rediss:').describe('Redis for presence and the inboxes of the shards.'),
    FAILPOINTS: failpointsVariable(production),
    ADMIN_PORT: variable.port().default(9090).describe('Port for health and metrics; 0 takes a free one.'),
    LOG_LEVEL: z
      .enum(levels, `must be one of ${levels.join(', ')}`)
      .default('info')
      .describe('Least severe level that is logged.'),
    LOG_PRETTY: variable.boolean().optional().describe('Logs for people instead of JSON; by default on a terminal in development.'),
  };
  return z
    .object(variables)
    .superRefine(checkCredentials(production), { when: () => true })
    .superRefine(checkKafkaSecurity, { when: () => true });
}

function publicUrl(production: boolean) {
  const url = variable
    .url('ws:', 'wss:')
    .refine((text) => !/[?#]|\/$/.test(text), 'must have no query, fragment or trailing slash')
    .describe('Base URL that clients reach this shard by. Development: `ws://127.0.0.1:<own port>`.');
  return production ? url : url.optional();
}
