import { parseArgs } from 'node:util';
import { ConfigError, type ConfigFault, type LogLevel, StartError } from '@carillon/runtime';
import { configFaults } from './config-faults.ts';

type Env = Readonly<Record<string, string | undefined>>;

/** What `npm start` was asked for: flags win over the environment, the environment over the defaults. */
export type StandaloneOptions = {
  readonly host: string;
  readonly apiPort: number;
  readonly firstShardPort: number;
  readonly adminPort: number;
  readonly shards: number;
  readonly dataDir: string;
  readonly demo: boolean;
  readonly databaseUrl: string | undefined;
  readonly kafkaBrokers: string | undefined;
  readonly kafkaTopic: string;
  readonly kafkaGroup: string;
  readonly partitions: number;
  readonly redisUrl: string | undefined;
  readonly logLevel: LogLevel;
};

const logLevels = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const satisfies LogLevel[];

export const usage = `npm start [-- flags]: API, relay and shards in one process, for development

  --port N         API port                         (API_PORT, 8080)
  --shard-port N   first shard's port, then the next (SHARD_PORT, 8081)
  --admin-port N   health and metrics               (ADMIN_PORT, 9090)
  --shards N       number of shards                 (2)
  --data-dir DIR   where embedded Postgres keeps its data (.data)
  --no-demo        no demo messenger, no example users and chats
  --help, --version

Real services instead of the embedded parts: DATABASE_URL, KAFKA_BROKERS, REDIS_URL, each for itself.
`;

const flags = {
  port: { type: 'string' },
  'shard-port': { type: 'string' },
  'admin-port': { type: 'string' },
  shards: { type: 'string' },
  'data-dir': { type: 'string' },
  'no-demo': { type: 'boolean' },
  help: { type: 'boolean' },
  version: { type: 'boolean' },
} as const;

/** Parses flags and environment. Throws StartError for flags that do not exist, ConfigError with all faults of all parts. */
export function readOptions(args: readonly string[], env: Env): StandaloneOptions | 'help' | 'version' {
  const values = parseFlags(args);
  if (values.help === true) return 'help';
  if (values.version === true) return 'version';
  const faults: ConfigFault[] = [...modeFaults(env), ...postgresFaults(env)];
  const count = (variable: string, text: string, limits: { min: number; max: number }, flag = '') => {
    const number = /^\d+$/.test(text) ? Number(text) : Number.NaN;
    const isRight = number >= limits.min && number <= limits.max;
    if (!isRight) faults.push({ variable, detail: `${flag}must be a whole number from ${limits.min} to ${limits.max}` });
    return number;
  };
  const port = (flag: 'port' | 'shard-port' | 'admin-port', name: string, otherwise: string) =>
    count(name, values[flag] ?? given(env, name) ?? otherwise, { min: 1, max: 65_535 }, `(--${flag}) `);
  const options: StandaloneOptions = {
    host: given(env, 'HOST') ?? '127.0.0.1',
    apiPort: port('port', 'API_PORT', '8080'),
    firstShardPort: port('shard-port', 'SHARD_PORT', '8081'),
    adminPort: port('admin-port', 'ADMIN_PORT', '9090'),
    shards: count('--shards', values.shards ?? '2', { min: 1, max: 16 }),
    dataDir: values['data-dir'] ?? '.data',
    demo: values['no-demo'] !== true,
    databaseUrl: given(env, 'DATABASE_URL'),
    kafkaBrokers: given(env, 'KAFKA_BROKERS'),
    kafkaTopic: given(env, 'KAFKA_TOPIC') ?? 'carillon.notifications',
    kafkaGroup: given(env, 'KAFKA_GROUP') ?? 'carillon-shards',
    partitions: count('KAFKA_PARTITIONS', given(env, 'KAFKA_PARTITIONS') ?? '64', { min: 1, max: 1024 }),
    logLevel: readLogLevel(env),
    redisUrl: given(env, 'REDIS_URL'),
  };
  demandNone([...faults, ...configFaults(env)]);
  return options;
}

/** A variable that is set to nothing is not set. */
function given(env: Env, name: string): string | undefined {
  const value = env[name];
  return value === '' ? undefined : value;
}

/** Of two faults of one variable the first is told. */
function demandNone(faults: readonly ConfigFault[]): void {
  const names = faults.map((fault) => fault.variable);
  const once = faults.filter((fault, index) => names.indexOf(fault.variable) === index);
  if (once.length > 0) throw new ConfigError(once);
}

/** Quieter than the production programs: the banner is what a person reads here. */
function readLogLevel(env: Env): LogLevel {
  return logLevels.find((known) => known === given(env, 'LOG_LEVEL')) ?? 'warn';
}

function parseFlags(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options: flags, strict: true }).values;
  } catch (error) {
    throw new StartError(`${error instanceof Error ? error.message : String(error)}\n\n${usage}`, { cause: error });
  }
}

/** Embedded parts and development tokens are never for production [L4]. */
function modeFaults(env: Env): ConfigFault[] {
  const mode = given(env, 'NODE_ENV');
  if (mode === undefined || mode === 'development' || mode === 'test') return [];
  const programs = 'services/api/dist/bin/api.js and services/shard/dist/bin/shard.js';
  return [{ variable: 'NODE_ENV', detail: `is ${mode}, but npm start is for development only: run ${programs} in production` }];
}

/** `PG*` without DATABASE_URL: another database was meant, and the embedded one would be a surprise. */
function postgresFaults(env: Env): ConfigFault[] {
  if (given(env, 'DATABASE_URL') !== undefined) return [];
  const names = Object.keys(env).filter((name) => /^PG[A-Z]+$/.test(name) && given(env, name) !== undefined);
  if (names.length === 0) return [];
  const detail = 'set without DATABASE_URL: set DATABASE_URL to use that database, or unset them to use the embedded one';
  return [{ variable: names.sort().join(', '), detail }];
}
