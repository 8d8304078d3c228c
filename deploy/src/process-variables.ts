import { apiProcessSchema, migrateSchema, preflightSchema } from '@carillon/api';
import { canarySchema } from '@carillon/canary';
import { shardProcessSchema } from '@carillon/shard';
import { z } from 'zod';

/** Variables that the chart derives from other values, one place each; `config` of the values does not know them. */
const derived = [
  'NODE_ENV',
  'HOST',
  'API_PORT',
  'SHARD_PORT',
  'ADMIN_PORT',
  'SHARD_ID',
  'SHARD_PUBLIC_URL',
  'SHARD_MAX_CONNECTIONS',
  'SHARD_DRAIN_SECONDS',
  'SHARD_DRAIN_WAIT_SECONDS',
  'API_DRAIN_WAIT_SECONDS',
  'UWS_SHA256',
  'LOG_PRETTY',
  'DEV_TOKENS',
  'FAILPOINTS',
];

/** Secrets: given by `value` or `existingSecret`, each a file for its process. */
export const secretVariables = [
  'DATABASE_URL',
  'RELAY_DATABASE_URL',
  'REDIS_URL',
  'KAFKA_PASSWORD',
  'KAFKA_CLIENT_CERT',
  'KAFKA_CLIENT_KEY',
  'TICKET_SECRET',
  'TICKET_SECRET_ALTERNATE',
  'AUTH_JWT_SECRET',
  'AUTH_JWT_SECRET_ALTERNATE',
  'CANARY_TOKEN',
];

const isOfConfig = (name: string) => !derived.includes(name) && !secretVariables.includes(name) && !name.startsWith('CANARY_');

const migrate = migrateSchema().shape;
const { KAFKA_BROKERS: _, ...withoutKafka } = migrate;
const shapes: Readonly<Record<string, z.ZodRawShape>> = {
  api: apiProcessSchema(true).shape,
  shard: shardProcessSchema(true).shape,
  preflight: preflightSchema().shape,
  migrate,
  schema: Object.fromEntries(Object.entries(withoutKafka).filter(([name]) => !name.startsWith('KAFKA_'))),
  canary: canarySchema().shape,
};

/** Which variables of `config` each process is given: those that its schema knows. */
export function variablesOfProcesses(): Record<string, string[]> {
  return Object.fromEntries(Object.entries(shapes).map(([process, shape]) => [process, Object.keys(shape).filter(isOfConfig).toSorted()]));
}

/** JSON Schema of `config`: every variable that some process knows, by its name, with its default and what it is for. */
export function configSchema(): object {
  const properties = new Map<string, object>();
  for (const shape of Object.values(shapes))
    for (const [name, type] of Object.entries(shape)) if (isOfConfig(name) && !properties.has(name)) properties.set(name, propertyOf(type));
  return {
    type: 'object',
    additionalProperties: false,
    description: 'Environment variables by their names; each process gets those that it knows. Defaults are those of production.',
    properties: Object.fromEntries([...properties].toSorted(([a], [b]) => (a < b ? -1 : 1))),
  };
}

function propertyOf(type: z.core.$ZodType): object {
  const description = z.globalRegistry.get(type)?.description ?? '';
  const {
    default: value,
    $schema: _,
    ...output
  } = z.toJSONSchema(type, { io: 'output', unrepresentable: 'any' }) as Record<string, unknown>;
  const rules = isBoolean(type) ? { type: 'boolean' } : 'type' in output ? asNumber(output) : listOrText;
  return { ...rules, description, ...(value === undefined ? {} : { default: value }) };
}

function isBoolean(type: z.core.$ZodType): boolean {
  return z.safeParse(type, 'true').data === true;
}

/** What is a number to the process is one to Helm, a whole one. */
function asNumber(output: Record<string, unknown>): object {
  return output['type'] === 'number' ? { ...output, type: 'integer' } : output;
}

/** Lists are parsed from text: in the values they may be lists as well. */
const listOrText = { type: ['string', 'array'], items: { type: 'string' }, minLength: 1 };
