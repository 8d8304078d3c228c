import { parseConfig, variable } from '@carillon/runtime';
import { z } from 'zod';

const text = () => z.string().optional();

/**
 * What commands read beside their flags, by the names that API and shards know, each also from the file that `X_FILE` names [L9]:
 * inside a container of theirs nothing has to be said again. Where Kafka is: `kafkaFrom`.
 */
const variables = z.object({
  DATABASE_URL: text(),
  REDIS_URL: text(),
  KAFKA_PARTITIONS: variable.integer({ min: 1, max: 10_000 }).default(64),
  SHARD_MAX_CONNECTIONS: variable.integer({ min: 1, max: 10_000_000 }).default(50_000),
  AUTH_JWT_SECRET: text(),
  AUTH_ISSUER: text(),
  AUTH_AUDIENCE: text(),
  CARILLON_TOKEN: text(),
});

export type Variables = Readonly<z.infer<typeof variables>>;

/** Throws ConfigError with all that is wrong. */
export function variablesFrom(env: Readonly<Record<string, string | undefined>>): Variables {
  return parseConfig(variables, env);
}
