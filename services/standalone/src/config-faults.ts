import { apiConfigSchema, kafkaVariables, logVariables, processVariables } from '@carillon/api';
import { ConfigError, type ConfigFault, parseConfig } from '@carillon/runtime';
import { shardConfigSchema } from '@carillon/shard';
import { z } from 'zod';
import { developmentEnv } from './development-env.ts';

type Env = Readonly<Record<string, string | undefined>>;

const { KAFKA_BROKERS, ...topic } = kafkaVariables;

/** Real services are a choice here: only those that are named are checked. */
const processSchema = z.object({
  KAFKA_BROKERS: KAFKA_BROKERS.optional(),
  REDIS_URL: processVariables.REDIS_URL.optional(),
  ...topic,
  ...logVariables,
});

const schemas: readonly z.ZodType[] = [apiConfigSchema(false), shardConfigSchema(false), processSchema];

/** The faults of all parts of `npm start`, each variable once [L4]; found before anything is started. */
export function configFaults(env: Env): readonly ConfigFault[] {
  const complete = { DATABASE_URL: 'postgres://embedded', ...developmentEnv(env) };
  const faults = schemas.flatMap((schema) => faultsOf(schema, complete));
  return [...new Map(faults.map((fault) => [fault.variable, fault])).values()];
}

function faultsOf(schema: z.ZodType, env: Env): readonly ConfigFault[] {
  try {
    parseConfig(schema, env);
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.faults;
    throw error;
  }
}
