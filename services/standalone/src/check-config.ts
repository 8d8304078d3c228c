import { apiConfigSchema } from '@carillon/api';
import { ConfigError, type ConfigFault, parseConfig } from '@carillon/runtime';
import { shardConfigSchema } from '@carillon/shard';

type Env = Readonly<Record<string, string | undefined>>;
type Schema = ReturnType<typeof apiConfigSchema> | ReturnType<typeof shardConfigSchema>;

/** Tells the faults of all parts at once, each variable once [L4], before anything is started. Throws ConfigError. */
export function checkConfig(env: Env): void {
  const faults = [apiConfigSchema(false), shardConfigSchema(false)].flatMap((schema) => faultsOf(schema, env));
  const byVariable = new Map(faults.map((fault) => [fault.variable, fault]));
  if (byVariable.size > 0) throw new ConfigError([...byVariable.values()]);
}

function faultsOf(schema: Schema, env: Env): readonly ConfigFault[] {
  try {
    parseConfig<Schema>(schema, env);
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.faults;
    throw error;
  }
}
