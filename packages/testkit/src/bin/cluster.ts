import { renameSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { createLogger, exitOnStartError, runService, type Service, StartError } from '@carillon/runtime';
import { Cluster } from '../cluster.ts';
import { type Services, startServices } from '../services.ts';

const usage = `npm run cluster [-- flags]: the production binaries, one process each, on real Postgres, Kafka and Redis

  --apis N      API processes    (1)
  --shards N    shard processes  (2)
  --json FILE   writes URLs and pids there once all are ready
  --help

DATABASE_URL, KAFKA_BROKERS and REDIS_URL each name a service to use; what is not named is started here and removed at the end.
`;

type Options = { readonly apis: number; readonly shards: number; readonly json: string | undefined };

/** Everything that `npm run cluster` starts, and stops in the opposite order. */
class ClusterService implements Service {
  readonly #options: Options;
  readonly #started: AsyncDisposable[] = [];

  constructor(options: Options) {
    this.#options = options;
  }

  async start(): Promise<void> {
    const services = await startServices({ announce: note, isDurable: true });
    this.#started.push(services);
    note(`starting ${this.#options.apis} API and ${this.#options.shards} shard processes …`);
    const onExit = (role: string, how: string) => note(`${role} ended by itself: ${how}; it is not restarted`);
    const onLine = (role: string, line: string) => void process.stdout.write(`${role.padEnd(8)} ${line}\n`);
    const cluster = await Cluster.start({ ...this.#options, services: services.urls, onLine, onExit });
    this.#started.push(cluster);
    if (this.#options.json !== undefined) writeByRename(this.#options.json, describe(cluster, services));
    process.stderr.write(banner(cluster, services));
  }

  async stop(): Promise<void> {
    for (const part of this.#started.reverse()) await part[Symbol.asyncDispose]();
  }
}

function describe(cluster: Cluster, services: Services) {
  return {
    api: cluster.apis.map((api) => ({ url: api.url, admin_url: api.adminUrl, pid: api.process.pid })),
    shards: cluster.shards.map((shard) => ({ id: shard.id, url: shard.url, admin_url: shard.adminUrl, pid: shard.process.pid })),
    services: {
      postgres: { url: services.urls.databaseUrl, pid: services.pids.databaseUrl },
      redis: { url: services.urls.redisUrl, pid: services.pids.redisUrl },
      kafka: { brokers: services.urls.kafkaBrokers, pid: services.pids.kafkaBrokers },
    },
  };
}

/** A reader never sees half a file. */
function writeByRename(file: string, content: object): void {
  const draft = `${file}.${process.pid}.draft`;
  writeFileSync(draft, `${JSON.stringify(content, null, 2)}\n`);
  renameSync(draft, file);
}

function banner(cluster: Cluster, services: Services): string {
  const members = [...cluster.apis, ...cluster.shards].map(
    (member) => `  ${member.role.padEnd(9)} ${member.url.padEnd(28)} admin ${member.adminUrl}/readyz  pid ${member.process.pid}`,
  );
  const { urls } = services;
  const api = cluster.apis[0]?.url;
  const lines = [
    ...members,
    `  postgres  ${urls.databaseUrl.replace(/:[^:@/]*@/, ':…@')}`,
    `  kafka     ${urls.kafkaBrokers}`,
    `  redis     ${urls.redisUrl}`,
    ...(api === undefined ? [] : [`  listen    npm run listen -- alice --api ${api}`]),
  ];
  return `\nCarillon cluster, development mode. Ready.\n${lines.join('\n')}\n\n`;
}

function note(text: string): void {
  process.stderr.write(`cluster: ${text}\n`);
}

function readOptions(): Options | 'help' {
  const { values } = parse();
  if (values.help === true) return 'help';
  return { apis: count('--apis', values.apis ?? '1'), shards: count('--shards', values.shards ?? '2'), json: values.json };
}

function parse() {
  const text = { type: 'string' } as const;
  try {
    return parseArgs({
      args: process.argv.slice(2),
      options: { apis: text, shards: text, json: text, help: { type: 'boolean' } },
      strict: true,
    });
  } catch (error) {
    throw new StartError(`${error instanceof Error ? error.message : String(error)}\n\n${usage}`, { cause: error });
  }
}

function count(flag: string, text: string): number {
  const number = /^\d+$/.test(text) ? Number(text) : 0;
  if (number < 1 || number > 64) throw new StartError(`${flag} must be a whole number from 1 to 64`);
  return number;
}

try {
  const options = readOptions();
  if (options === 'help') process.stdout.write(usage);
  else
    await runService(new ClusterService(options), {
      logger: createLogger({ level: 'silent', pretty: false, name: 'cluster' }),
      graceMs: 30_000,
    });
} catch (error) {
  exitOnStartError(error);
}
