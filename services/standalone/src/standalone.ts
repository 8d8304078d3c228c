import { resolve } from 'node:path';
import { type Api, apiConfigSchema, createApi } from '@carillon/api';
import { DevTokens } from '@carillon/auth';
import type { EventLogWriter } from '@carillon/event-log';
import { AdminServer, type Logger, Metrics, parseConfig, type Service, systemClock } from '@carillon/runtime';
import { createShard, type Shard, ShardMetrics, type ShardParts, shardConfigSchema } from '@carillon/shard';
import { migrate } from '@carillon/store';
import { banner, sendCommand } from './banner.ts';
import { chooseParts, type Parts } from './choose-parts.ts';
import { DemoCluster } from './demo/demo-cluster.ts';
import { isLoopback } from './demo/own-page.ts';
import { developmentEnv } from './development-env.ts';
import type { StandaloneOptions } from './options.ts';
import { demandFreePorts } from './ports.ts';
import { seedDemo } from './seed-demo.ts';
import { serveFiles } from './serve-files.ts';
import { servePage } from './serve-page.ts';

type Env = Readonly<Record<string, string | undefined>>;
type StandaloneParts = {
  readonly logger: Logger;
  readonly env: Env;
  readonly announce: (text: string) => void;
  readonly print: (text: string) => void;
};

type RunningShard = Pick<Shard, 'start' | 'stop' | 'health'>;
type ShardsOptions = {
  readonly chosen: Parts;
  readonly demoCluster: DemoCluster | undefined;
  readonly env: Env;
  readonly ports: readonly number[];
  readonly metrics: Metrics;
};

const bannerTokenSeconds = 365 * 24 * 3600;

/**
 * API, relay and shards in one process: the composition root of `npm start`. Development only. `stop` ends everything that
 * `start` began, also when it stopped half-way, in the opposite order.
 */
export class Standalone implements Service {
  readonly #options: StandaloneOptions;
  readonly #parts: StandaloneParts;
  readonly #owned: AsyncDisposable[] = [];
  readonly #aborted = new AbortController();

  constructor(options: StandaloneOptions, parts: StandaloneParts) {
    this.#options = options;
    this.#parts = parts;
  }

  async start(): Promise<void> {
    const startedAt = systemClock.monotonicMs();
    const { host, apiPort, adminPort, firstShardPort } = this.#options;
    const shardPorts = [...Array(this.#options.shards).keys()].map((index) => firstShardPort + index);
    await demandFreePorts(host, [
      { port: apiPort, setBy: '--port (API_PORT)' },
      { port: adminPort, setBy: '--admin-port (ADMIN_PORT)' },
      ...shardPorts.map((port) => ({ port, setBy: '--shard-port (SHARD_PORT)' })),
    ]);
    const { logger, announce } = this.#parts;
    const chosen = await chooseParts({ options: this.#options, logger, announce, own: (part) => this.#owned.push(part) });
    await migrate({ url: chosen.database.url, logger });

    const env = this.#env(chosen.database.url);
    const metrics = new Metrics();
    metrics.collectProcess();
    const demoCluster = this.#createDemoCluster(chosen);
    const shards = this.#createShards({ chosen, demoCluster, env, ports: shardPorts, metrics });
    const api = this.#createApi(chosen, demoCluster?.writer ?? chosen.eventLog.writer, env, metrics);
    demoCluster?.serve(api.app);
    const hasPage = this.#options.demo && this.#servePage(api, shardPorts);
    const admin = new AdminServer({ host, port: adminPort, health: [api.health, ...shards.map((shard) => shard.health)], metrics });
    this.#owned.push(admin);
    const adminUrl = await admin.listen();
    const [{ url: apiUrl }, ...shardUrls] = await Promise.all([api.start(), ...shards.map((shard) => shard.start())]);

    const tokens = new DevTokens({ secret: env['AUTH_JWT_SECRET'] ?? '', ...issuerOf(env) }, systemClock);
    const tokenOf = async (userId: string) => (await tokens.issue(userId, bannerTokenSeconds)).token;
    const demo = this.#options.demo ? await seedDemo({ apiUrl, tokenOf, signal: this.#aborted.signal }) : undefined;
    this.#parts.print(
      banner({
        demo: hasPage ? `${apiUrl}/` : undefined,
        apiUrl,
        adminUrl,
        shardUrls: shardUrls.map((shard) => shard.url),
        parts: { postgres: chosen.database.name, eventLog: chosen.eventLog.name, presence: chosen.presence.name },
        data: chosen.database.place,
        switches: ['DATABASE_URL', 'KAFKA_BROKERS', 'REDIS_URL'].filter((name) => (this.#parts.env[name] ?? '') === ''),
        seconds: (systemClock.monotonicMs() - startedAt) / 1000,
        send: sendCommand(apiUrl, await tokenOf('bob'), demo?.chatId),
        listen: `npm run listen -- alice${apiPort === 8080 ? '' : ` --api ${apiUrl}`}`,
      }),
    );
  }

  async stop(): Promise<void> {
    this.#aborted.abort();
    for (const part of this.#owned.reverse()) await part[Symbol.asyncDispose]();
    this.#owned.length = 0;
  }

  /** Answers whether there is a built page. */
  #servePage({ app }: Api, shardPorts: readonly number[]): boolean {
    const { host, dataDir } = this.#options;
    serveFiles({ app, folder: resolve(dataDir, 'files') });
    return servePage({ app, shardUrls: shardPorts.map((port) => `ws://${host}:${port}`) });
  }

  /** Its faults are for this machine's user only. */
  #createDemoCluster(parts: Parts): DemoCluster | undefined {
    if (!this.#options.demo || !isLoopback(this.#options.host)) return undefined;
    const cluster = new DemoCluster({ parts, clock: systemClock });
    this.#owned.push(cluster);
    return cluster;
  }

  #createApi(chosen: Parts, writer: EventLogWriter, env: Env, metrics: Metrics): Api {
    const config = parseConfig(apiConfigSchema(false), env);
    const api = createApi(config, {
      writer,
      presence: chosen.presence.registry,
      logger: this.#parts.logger,
      metrics,
    });
    this.#owned.push({ [Symbol.asyncDispose]: () => api.stop() });
    return api;
  }

  #createShards({ chosen, demoCluster, env, ports, metrics }: ShardsOptions): RunningShard[] {
    const shardMetrics = new ShardMetrics(metrics);
    const { partitionCount, reader } = chosen.eventLog;
    const { registry: presence, inbox } = chosen.presence;
    const shards = ports.map((port) => {
      // Named by the port: the same after a restart, and on a shared Redis no other cluster's shard, which would be fenced off.
      const id = `shard-${port}`;
      const config = parseConfig(shardConfigSchema(false), { ...env, SHARD_ID: id, SHARD_PORT: `${port}` });
      const logger = this.#parts.logger.child({ shard: id });
      const create = (surroundings: Pick<ShardParts, 'reader' | 'presence' | 'inbox'>) =>
        createShard(config, { ...surroundings, partitionCount, logger, metrics: shardMetrics });
      return demoCluster?.addShard(id, logger, create) ?? create({ reader, presence, inbox });
    });
    // Shards drain side by side: one after the other would not fit into the five seconds that a stop may take.
    this.#owned.push({ [Symbol.asyncDispose]: async () => void (await Promise.all(shards.map((shard) => shard.stop()))) });
    return shards;
  }

  #env(databaseUrl: string): Env {
    const { host, apiPort, adminPort } = this.#options;
    const chosen = { HOST: host, API_PORT: `${apiPort}`, ADMIN_PORT: `${adminPort}`, DATABASE_URL: databaseUrl };
    return { ...developmentEnv(this.#parts.env), ...chosen };
  }
}

function issuerOf(env: Env): { issuer?: string; audience?: string } {
  const [issuer, audience] = [env['AUTH_ISSUER'], env['AUTH_AUDIENCE']];
  return { ...(issuer === undefined ? {} : { issuer }), ...(audience === undefined ? {} : { audience }) };
}
