import { parseArgs } from 'node:util';
import { type LogLevel, StartError } from '@carillon/runtime';

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
  --no-demo        no example users and chats
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

/** Parses flags and environment; throws StartError with one sentence for all faults. */
export function readOptions(args: readonly string[], env: Env): StandaloneOptions | 'help' | 'version' {
  const values = parseFlags(args);
  if (values.help === true) return 'help';
  if (values.version === true) return 'version';
  const faults: string[] = [...modeFaults(env), ...postgresFaults(env)];
  const count = (name: string, text: string, limits: { min: number; max: number }) => {
    const number = /^\d+$/.test(text) ? Number(text) : Number.NaN;
    if (!(number >= limits.min && number <= limits.max)) faults.push(`${name} must be a whole number from ${limits.min} to ${limits.max}`);
    return number;
  };
  const port = (flag: 'port' | 'shard-port' | 'admin-port', name: string, otherwise: string) =>
    count(`--${flag} (${name})`, values[flag] ?? given(env, name) ?? otherwise, { min: 1, max: 65_535 });
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
    logLevel: readLogLevel(env, faults),
    redisUrl: given(env, 'REDIS_URL'),
  };
  if (faults.length > 0) throw new StartError(faults.join('; '));
  return options;
}

/** A variable that is set to nothing is not set. */
function given(env: Env, name: string): string | undefined {
  const value = env[name];
  return value === '' ? undefined : value;
}

/** Quieter than the production programs: the banner is what a person reads here. */
function readLogLevel(env: Env, faults: string[]): LogLevel {
  const level = logLevels.find((known) => known === (given(env, 'LOG_LEVEL') ?? 'warn'));
  if (level === undefined) faults.push(`LOG_LEVEL must be one of ${logLevels.join(', ')}`);
  return level ?? 'warn';
}

function parseFlags(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options: flags, strict: true }).values;
  } catch (error) {
    throw new StartError(`${error instanceof Error ? error.message : String(error)}\n\n${usage}`, { cause: error });
  }
}

/** Embedded parts and development tokens are never for production [L4]. */
function modeFaults(env: Env): string[] {
  const mode = given(env, 'NODE_ENV');
  if (mode === undefined || mode === 'development' || mode === 'test') return [];
  return [
    `NODE_ENV is ${mode}, but npm start is for development only: run services/api/dist/bin/api.js and services/shard/dist/bin/shard.js in production`,
  ];
}

/** `PG*` without DATABASE_URL: another database was meant, and the embedded one would be a surprise. */
function postgresFaults(env: Env): string[] {
  const names = ['PGHOST', 'PGPORT', 'PGDATABASE', 'PGUSER', 'PGPASSWORD', 'PGSERVICE'].filter((name) => given(env, name) !== undefined);
  if (names.length === 0 || given(env, 'DATABASE_URL') !== undefined) return [];
  return [`${names.join(', ')} set without DATABASE_URL: set DATABASE_URL to use that database, or unset them to use the embedded one`];
}
