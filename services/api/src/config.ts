import { checkKafkaSecurity } from '@carillon/event-log';
import { failpointsVariable } from '@carillon/runtime';
import { z } from 'zod';
import { apiVariables, kafkaVariables, logVariables, processVariables } from './config-variables.ts';

/**
 * What an API needs, whoever composes it: variables of the environment, each described. Defaults are those of the mode, safe in
 * production. `parseConfig` reports all faults at once [L4].
 */
export function apiConfigSchema(production: boolean) {
  return z.object(apiVariables(production)).superRefine(checkCredentials(production), { when: () => true });
}

export type ApiConfig = Readonly<z.output<ReturnType<typeof apiConfigSchema>>>;

/** What the program `bin/api` needs: an API on the real event log and presence, an admin port, logs. */
export function apiProcessSchema(production: boolean) {
  const variables = {
    ...apiVariables(production),
    ...kafkaVariables,
    ...processVariables,
    ...logVariables,
    FAILPOINTS: failpointsVariable(production),
  };
  return z
    .object(variables)
    .superRefine(checkCredentials(production), { when: () => true })
    .superRefine(checkKafkaSecurity, { when: () => true });
}

/** What the program `bin/migrate` needs: the database, and the event log where its topic is to be made too. */
export function migrateSchema() {
  const { DATABASE_URL } = apiVariables(true);
  const { KAFKA_BROKERS, ...topic } = kafkaVariables;
  return z
    .object({
      DATABASE_URL,
      KAFKA_BROKERS: KAFKA_BROKERS.optional().describe('Kafka brokers; with them, the topic is made too.'),
      ...topic,
      ...logVariables,
    })
    .superRefine(checkKafkaSecurity, { when: () => true });
}

/**
 * Faults of variables that belong together; told beside those of single variables, so the values may be of any kind here. In
 * development a secret is always there: with a JWKS URL beside it, the secret rules.
 */
function checkCredentials(production: boolean): (config: Readonly<Record<string, unknown>>, context: z.RefinementCtx) => void {
  return (config, context) => {
    const hasSecret = config['AUTH_JWT_SECRET'] !== undefined;
    const hasJwks = config['AUTH_JWKS_URL'] !== undefined;
    const fault = (variable: string, message: string) => context.addIssue({ code: 'custom', path: [variable], message });
    if (!hasSecret && !hasJwks) fault('AUTH_JWT_SECRET', 'or AUTH_JWKS_URL is required');
    if (production && hasSecret && hasJwks)
      fault('AUTH_JWKS_URL', 'must not be set beside AUTH_JWT_SECRET: one of them fixes the algorithm');
    if (!hasSecret && config['AUTH_JWT_SECRET_ALTERNATE'] !== undefined) fault('AUTH_JWT_SECRET_ALTERNATE', 'needs AUTH_JWT_SECRET');
    if (!production && config['DEV_TOKENS'] === true && !hasSecret) fault('DEV_TOKENS', 'needs AUTH_JWT_SECRET, which signs the tokens');
  };
}

/** What the program `bin/preflight` needs: whatever it shall look at. */
export function preflightSchema() {
  const { DATABASE_URL } = apiVariables(true);
  const { KAFKA_BROKERS, ...topic } = kafkaVariables;
  return z
    .object({
      DATABASE_URL: DATABASE_URL.optional().describe('Postgres, as the user that migrates.'),
      KAFKA_BROKERS: KAFKA_BROKERS.optional().describe('Kafka brokers, host:port, separated by commas.'),
      ...topic,
      REDIS_URL: processVariables.REDIS_URL.optional().describe('Redis, as the user of API and shards.'),
    })
    .superRefine(checkKafkaSecurity, { when: () => true });
}
