import { Redis } from 'ioredis';
import { type ApiMember, Cluster, type ClusterOptions, type ClusterServices } from '../cluster.ts';
import { freePorts } from '../free-ports.ts';
import { type IsolatedServices, isolateServices } from '../isolated-services.ts';
import { type KafkaServer, startKafka } from '../kafka.ts';
import { type RedisServer, startRedis } from '../redis.ts';
import type { FaultProxy } from './fault-proxy.ts';
import { RestartablePostgres } from './restartable-postgres.ts';
import { Toxiproxy } from './toxiproxy.ts';

type ServerName = 'postgres' | 'kafka' | 'redis';

export type FaultClusterOptions = {
  readonly apis: number;
  readonly shards: number;
  /** The run's servers, used in a database, topic and Redis database of its own. */
  readonly shared: ClusterServices;
  /** Servers of its own: those that are to be killed or frozen, and Kafka where one of its edges is to be spoiled. */
  readonly own?: readonly ServerName[];
  readonly env?: Readonly<Record<string, string>>;
  /** False where no edge is to be spoiled: then Toxiproxy, and Go to build it, are not needed. */
  readonly hasProxies?: boolean;
  /** FAILPOINTS of single processes, by role (`api-0`), until they are started again. */
  readonly failpoints?: Readonly<Record<string, string>>;
};

/** The cluster's edges, each through a proxy of its own. Those to Kafka exist only where Kafka is the cluster's own. */
export type Edges = {
  readonly apiPostgres: FaultProxy;
  readonly relayPostgres: FaultProxy;
  readonly apiRedis: FaultProxy;
  readonly shardRedis: FaultProxy;
  readonly relayKafka: FaultProxy | undefined;
  readonly shardKafka: FaultProxy | undefined;
  /** One for each shard, by its index: its public URL leads here. */
  readonly clientShard: readonly FaultProxy[];
};

/** What is there before the processes start. */
type Ground = {
  readonly toxiproxy: Toxiproxy | undefined;
  readonly postgres: RestartablePostgres | undefined;
  readonly kafka: KafkaServer | undefined;
  readonly redis: RedisServer | undefined;
  readonly isolated: IsolatedServices;
  readonly edges: Edges | undefined;
  readonly started: AsyncDisposable[];
};

/**
 * A cluster of production processes that a test may harm: each edge leads through a proxy, each process and each own server can be
 * killed, frozen and started again. Exits that nobody asked for are kept in `deaths`; a failpoint's kill is one. `heal` ends all
 * harm. Dispose stops everything.
 */
export class FaultCluster extends Cluster {
  readonly databaseUrl: string;
  /** Straight to the servers, past the proxies. */
  readonly services: ClusterServices;
  readonly kafkaTopic: string;
  readonly kafkaGroup: string;
  readonly deaths: string[];
  readonly #ground: Ground;
  readonly #failpoints: Map<string, string>;
  readonly #frozen = new Set<string>();
  #turn = 0;

  private constructor(options: ClusterOptions, ground: Ground, failpoints: Map<string, string>, deaths: string[]) {
    super(options);
    this.#ground = ground;
    this.#failpoints = failpoints;
    this.deaths = deaths;
    this.services = ground.isolated.services;
    this.databaseUrl = ground.isolated.services.databaseUrl;
    this.kafkaTopic = ground.isolated.env.KAFKA_TOPIC;
    this.kafkaGroup = ground.isolated.env.KAFKA_GROUP;
  }

  static async launch(options: FaultClusterOptions): Promise<FaultCluster> {
    const ground = await prepare(options);
    const failpoints = new Map(Object.entries(options.failpoints ?? {}));
    const deaths: string[] = [];
    const cluster = new FaultCluster(
      {
        apis: options.apis,
        shards: options.shards,
        services: ground.isolated.services,
        env: { ...ground.isolated.env, LOG_LEVEL: 'info', HEARTBEAT_MS: '5000', ...options.env },
        envOf: (role) => ({ ...throughProxies(role, ground), FAILPOINTS: failpoints.get(role) ?? '' }),
        ...(ground.toxiproxy === undefined ? {} : { publicUrlOf: publicUrlThrough(ground.toxiproxy) }),
        onExit: (role, how) => void deaths.push(`${role}: ${how}`),
      },
      ground,
      failpoints,
      deaths,
    );
    await cluster.startAll();
    return cluster;
  }

  get edges(): Edges {
    if (this.#ground.edges === undefined) throw new Error('this cluster has no proxies: leave `hasProxies` out');
    return this.#ground.edges;
  }

  get postgres(): RestartablePostgres {
    return owned(this.#ground.postgres, 'postgres');
  }

  get kafka(): KafkaServer {
    return owned(this.#ground.kafka, 'kafka');
  }

  get redis(): RedisServer {
    return owned(this.#ground.redis, 'redis');
  }

  /** The URL of an API that runs and is not frozen, another one each time, as behind a load balancer. */
  apiUrl(): string {
    const live = this.apis.filter((api) => api.process.ended === undefined && !this.#frozen.has(api.role));
    this.#turn += 1;
    return (live[this.#turn % Math.max(1, live.length)] ?? this.apis[0])?.url ?? '';
  }

  /** Resolves once the process is gone. */
  async kill(role: string): Promise<void> {
    const { process } = this.member(role);
    process.signal('SIGKILL');
    await process.exited();
  }

  /** SIGTERM; resolves with how the process ended. */
  terminate(role: string): Promise<string> {
    const { process } = this.member(role);
    process.signal('SIGTERM');
    return process.exited();
  }

  freeze(role: string): void {
    this.#frozen.add(role);
    this.member(role).process.signal('SIGSTOP');
  }

  thaw(role: string): void {
    this.#frozen.delete(role);
    this.member(role).process.signal('SIGCONT');
  }

  /** Starts a process that has ended again, with these failpoints or none; ready when it resolves. */
  async restart(role: string, failpoints = ''): Promise<void> {
    this.#failpoints.set(role, failpoints);
    const index = Number(/\d+$/.exec(role)?.[0]);
    if (role.startsWith('api-')) await this.startApi(index);
    else await this.startShard(index);
  }

  /** The cluster's own Redis forgets everything. */
  async flushRedis(): Promise<void> {
    owned(this.#ground.redis, 'redis');
    await this.redisCommand('FLUSHALL');
  }

  /** One command to Redis, past the proxies. */
  async redisCommand(command: string, ...args: readonly string[]): Promise<unknown> {
    const redis = new Redis(this.services.redisUrl);
    try {
      return await redis.call(command, ...args);
    } finally {
      redis.disconnect();
    }
  }

  /** A process's metric, summed over its labels. */
  async metric(role: string, name: string): Promise<number> {
    const answer = await fetch(`${this.member(role).adminUrl}/metrics`, { signal: AbortSignal.timeout(5_000) });
    const samples = (await answer.text()).split('\n').filter((line) => line.startsWith(`${name}{`) || line.startsWith(`${name} `));
    return samples.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' ') + 1)), 0);
  }

  member(role: string): ApiMember {
    const found = [...this.apis, ...this.shards].find((member) => member.role === role);
    if (found === undefined) throw new Error(`there is no ${role}`);
    return found;
  }

  /** No more harm: proxies pass, the frozen go on, servers and processes that ended are started again, without failpoints. */
  async heal(): Promise<void> {
    const { toxiproxy, postgres, kafka, redis } = this.#ground;
    await toxiproxy?.heal();
    for (const role of [...this.#frozen]) this.thaw(role);
    if (postgres?.isCrashed === true) await postgres.restart();
    for (const server of [kafka, redis]) {
      if (server?.pid === undefined) await server?.process.start();
      else await server.process.signal('SIGCONT');
    }
    const ended = [...this.apis, ...this.shards].filter((member) => member.process.ended !== undefined);
    await Promise.all(ended.map((member) => this.restart(member.role)));
  }

  override async [Symbol.asyncDispose](): Promise<void> {
    await super[Symbol.asyncDispose]();
    await disposeAll(this.#ground.started);
  }
}

async function prepare(options: FaultClusterOptions): Promise<Ground> {
  const started: AsyncDisposable[] = [];
  const keep = <T extends AsyncDisposable>(part: T): T => {
    started.push(part);
    return part;
  };
  const isOwn = (name: ServerName) => options.own?.includes(name) === true;
  try {
    const toxiproxy = options.hasProxies === false ? undefined : keep(await Toxiproxy.start());
    const postgres = isOwn('postgres') ? keep(await RestartablePostgres.start()) : undefined;
    const redis = isOwn('redis') ? await startRedis() : undefined;
    if (redis !== undefined) keep({ [Symbol.asyncDispose]: () => redis.stop() });
    const { kafka, ...kafkaEdges } = isOwn('kafka') ? await startKafkaBehind(toxiproxy) : noKafka;
    if (kafka !== undefined) keep({ [Symbol.asyncDispose]: () => kafka.stop() });
    const isolated = keep(
      await isolateServices({
        databaseUrl: postgres?.url ?? options.shared.databaseUrl,
        kafkaBrokers: kafka?.brokers ?? options.shared.kafkaBrokers,
        redisUrl: redis?.url ?? options.shared.redisUrl,
      }),
    );
    const edges = toxiproxy && { ...(await makeEdges(toxiproxy, isolated.services, options.shards)), ...kafkaEdges };
    return { toxiproxy, postgres, kafka, redis, isolated, edges, started };
  } catch (error) {
    await disposeAll(started);
    throw error;
  }
}

const noKafka = { kafka: undefined, relayKafka: undefined, shardKafka: undefined };

/** One listener for each edge, advertised as that edge's proxy: else a client would leave it with the first metadata. */
async function startKafkaBehind(toxiproxy: Toxiproxy | undefined) {
  if (toxiproxy === undefined) return { ...noKafka, kafka: await startKafka() };
  const [relayPort = 0, shardPort = 0] = await freePorts(2);
  const relayKafka = await toxiproxy.proxy('relay-kafka', `127.0.0.1:${relayPort}`);
  const shardKafka = await toxiproxy.proxy('shard-kafka', `127.0.0.1:${shardPort}`);
  const kafka = await startKafka({
    edges: [
      { name: 'RELAY', port: relayPort, advertisedPort: portOf(relayKafka) },
      { name: 'SHARD', port: shardPort, advertisedPort: portOf(shardKafka) },
    ],
  });
  return { kafka, relayKafka, shardKafka };
}

async function makeEdges(toxiproxy: Toxiproxy, services: ClusterServices, shards: number) {
  const [postgres, redis] = [new URL(services.databaseUrl).host, new URL(services.redisUrl).host];
  const clientShard = [...Array(shards).keys()].map((index) => toxiproxy.proxy(clientEdge(`shard-${index}`), '127.0.0.1:1'));
  return {
    apiPostgres: await toxiproxy.proxy('api-pg', postgres),
    relayPostgres: await toxiproxy.proxy('relay-pg', postgres),
    apiRedis: await toxiproxy.proxy('api-redis', redis),
    shardRedis: await toxiproxy.proxy('shard-redis', redis),
    clientShard: await Promise.all(clientShard),
  };
}

function throughProxies(role: string, { edges, isolated: { services } }: Ground): Record<string, string> {
  if (edges === undefined) return {};
  const kafka = role.startsWith('api-') ? edges.relayKafka : edges.shardKafka;
  return {
    DATABASE_URL: withHost(services.databaseUrl, edges.apiPostgres),
    RELAY_DATABASE_URL: withHost(services.databaseUrl, edges.relayPostgres),
    REDIS_URL: withHost(services.redisUrl, role.startsWith('api-') ? edges.apiRedis : edges.shardRedis),
    KAFKA_BROKERS: kafka?.address ?? services.kafkaBrokers,
  };
}

function publicUrlThrough(toxiproxy: Toxiproxy) {
  return async (shardId: string, port: number): Promise<string> => {
    const proxy = await toxiproxy.proxy(clientEdge(shardId), `127.0.0.1:${port}`);
    return `ws://${proxy.address}`;
  };
}

function clientEdge(shardId: string): string {
  return `client-${shardId}`;
}

function withHost(url: string, proxy: FaultProxy): string {
  const changed = new URL(url);
  changed.host = proxy.address;
  return changed.href;
}

function portOf(proxy: FaultProxy): number {
  return Number(proxy.address.split(':')[1]);
}

function owned<T>(server: T | undefined, name: ServerName): T {
  if (server === undefined) throw new Error(`this cluster shares its ${name}: name it in \`own\``);
  return server;
}

async function disposeAll(started: readonly AsyncDisposable[]): Promise<void> {
  for (const part of [...started].reverse()) await part[Symbol.asyncDispose]();
}
