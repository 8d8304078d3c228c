import { randomBytes } from 'node:crypto';
import { ClusterProcess, runToEnd } from './cluster-process.ts';
import { freePorts } from './free-ports.ts';

/** Where the cluster's services are. */
export type ClusterServices = { readonly databaseUrl: string; readonly kafkaBrokers: string; readonly redisUrl: string };

export type ClusterOptions = {
  readonly apis: number;
  readonly shards: number;
  readonly services: ClusterServices;
  /** Variables for every process, over the launcher's own defaults. */
  readonly env?: Readonly<Record<string, string>>;
  /** Variables for one process, over those of all; asked at each of its starts. */
  readonly envOf?: (role: string) => Readonly<Record<string, string>>;
  /** The URL that clients reach a shard by, when it is not its own; asked at each of its starts. */
  readonly publicUrlOf?: (shardId: string, port: number) => Promise<string>;
  readonly onLine?: (role: string, line: string) => void;
  readonly onExit?: (role: string, how: string) => void;
};

export type ApiMember = { readonly role: string; readonly url: string; readonly adminUrl: string; readonly process: ClusterProcess };
export type ShardMember = ApiMember & { readonly id: string };

const programs = {
  migrate: 'services/api/dist/bin/migrate.js',
  api: 'services/api/dist/bin/api.js',
  shard: 'services/shard/dist/bin/shard.js',
};
const readyDeadlineMs = 30_000;

/**
 * The production programs as processes of their own on free loopback ports, in development mode with random secrets. The
 * services are given, not started. A member that dies is told by `onExit` and not restarted.
 */
export class Cluster implements AsyncDisposable {
  readonly #options: ClusterOptions;
  readonly #env: Readonly<Record<string, string>>;
  readonly apis: ApiMember[] = [];
  readonly shards: ShardMember[] = [];

  protected constructor(options: ClusterOptions) {
    this.#options = options;
    this.#env = { ...inherited(), ...developmentEnv(options.services), ...options.env };
  }

  /** Migrates, then starts all members and waits until each is ready; on failure nothing is left running. */
  static async start(options: ClusterOptions): Promise<Cluster> {
    const cluster = new Cluster(options);
    await cluster.startAll();
    return cluster;
  }

  protected async startAll(): Promise<void> {
    try {
      await runToEnd({ role: 'migrate', program: programs.migrate, env: this.#env, onLine: this.#onLine });
      const [shards, apis] = [range(this.#options.shards), range(this.#options.apis)];
      await Promise.all([...shards.map((index) => this.startShard(index)), ...apis.map((index) => this.startApi(index))]);
    } catch (error) {
      await this[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Starts (or starts again) the API with this index; ready when it resolves. */
  async startApi(index: number): Promise<ApiMember> {
    const [port = 0, adminPort = 0] = await freePorts(2);
    const member = this.#launch('api', index, { API_PORT: `${port}`, ADMIN_PORT: `${adminPort}` }, `http://127.0.0.1:${port}`, adminPort);
    this.apis[index] = member;
    await ready(member);
    return member;
  }

  /** Starts (or starts again, under the same shard id) the shard with this index; ready when it resolves. */
  async startShard(index: number): Promise<ShardMember> {
    const id = `shard-${index}`;
    const [port = 0, adminPort = 0] = await freePorts(2);
    const url = (await this.#options.publicUrlOf?.(id, port)) ?? `ws://127.0.0.1:${port}`;
    const env = { SHARD_ID: id, SHARD_PORT: `${port}`, ADMIN_PORT: `${adminPort}`, SHARD_PUBLIC_URL: url };
    const member = { id, ...this.#launch('shard', index, env, url, adminPort) };
    this.shards[index] = member;
    await ready(member);
    return member;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const members = [...this.apis, ...this.shards].filter((member) => member !== undefined);
    await Promise.all(members.map((member) => member.process[Symbol.asyncDispose]()));
  }

  readonly #onLine = (role: string, line: string): void => this.#options.onLine?.(role, line);

  #launch(kind: 'api' | 'shard', index: number, env: Readonly<Record<string, string>>, url: string, adminPort: number): ApiMember {
    const role = `${kind}-${index}`;
    const onExit = (ended: string, how: string): void => this.#options.onExit?.(ended, how);
    const all = { ...this.#env, ...env, ...this.#options.envOf?.(role) };
    const process = new ClusterProcess({ role, program: programs[kind], env: all, onLine: this.#onLine, onExit });
    return { role, url, adminUrl: `http://127.0.0.1:${adminPort}`, process };
  }
}

function range(count: number): number[] {
  return [...Array(count).keys()];
}

/** The caller's variables, but not those that would make a child something else than the launcher decided. */
function inherited(): Record<string, string> {
  const own = ['API_PORT', 'SHARD_PORT', 'ADMIN_PORT', 'SHARD_ID', 'SHARD_PUBLIC_URL'];
  const entries = Object.entries(process.env).flatMap(([name, value]) =>
    value === undefined || own.includes(name) ? [] : [[name, value] as const],
  );
  return Object.fromEntries(entries);
}

function developmentEnv(services: ClusterServices): Record<string, string> {
  const defaults: Record<string, string> = {
    NODE_ENV: 'development',
    HOST: '127.0.0.1',
    DEV_TOKENS: 'true',
    AUTH_JWT_SECRET: randomBytes(32).toString('hex'),
    TICKET_SECRET: randomBytes(32).toString('hex'),
    LOG_PRETTY: 'false',
  };
  const chosen = Object.fromEntries(Object.entries(defaults).map(([name, value]) => [name, process.env[name] || value]));
  return { ...chosen, DATABASE_URL: services.databaseUrl, KAFKA_BROKERS: services.kafkaBrokers, REDIS_URL: services.redisUrl };
}

/** Waits for `/readyz`; rejects with the process's last lines when it ends or does not get ready in time. */
async function ready(member: ApiMember): Promise<void> {
  const deadline = Date.now() + readyDeadlineMs;
  while (Date.now() < deadline && member.process.ended === undefined) {
    const answer = await fetch(`${member.adminUrl}/readyz`, { signal: AbortSignal.timeout(1_000) }).catch(() => undefined);
    if (answer?.status === 200) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  const how = member.process.ended ?? `not ready after ${readyDeadlineMs / 1000} s`;
  throw new Error(`${member.role}: ${how}\n${member.process.lastLines().join('\n')}`);
}
