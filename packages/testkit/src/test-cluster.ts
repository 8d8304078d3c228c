import { randomUUID } from 'node:crypto';
import { Redis } from 'ioredis';
import { Client } from 'pg';
import { Cluster, type ClusterOptions } from './cluster.ts';

/**
 * A cluster on shared servers with everything of its own: a database, a topic, a group and a Redis database (1 to 15, taken
 * in turn). Dispose stops the processes and drops the database. A member that dies by itself fails the run: `deaths`.
 */
export class TestCluster extends Cluster {
  /** Members that ended without being asked to. */
  readonly deaths: string[];
  readonly databaseUrl: string;
  readonly kafkaTopic: string;
  readonly kafkaGroup: string;
  readonly redisUrl: string;
  readonly #adminUrl: string;

  private constructor(options: ClusterOptions, isolated: Isolated, deaths: string[]) {
    super({ ...options, onExit: (role, how) => void deaths.push(`${role}: ${how}`) });
    this.deaths = deaths;
    this.databaseUrl = options.services.databaseUrl;
    this.kafkaTopic = isolated.topic;
    this.kafkaGroup = isolated.group;
    this.redisUrl = options.services.redisUrl;
    this.#adminUrl = isolated.adminUrl;
  }

  static override async start(options: ClusterOptions): Promise<TestCluster> {
    const run = randomUUID().slice(0, 8);
    const isolated = { topic: `carillon.test.${run}`, group: `carillon-test-${run}`, adminUrl: options.services.databaseUrl };
    const databaseUrl = await createDatabase(options.services.databaseUrl, `carillon_e2e_${run}`);
    const redisUrl = await ownRedisDatabase(options.services.redisUrl);
    const env = { KAFKA_TOPIC: isolated.topic, KAFKA_GROUP: isolated.group, LOG_LEVEL: 'info', ...options.env };
    const cluster = new TestCluster({ ...options, env, services: { ...options.services, databaseUrl, redisUrl } }, isolated, []);
    await cluster.startAll();
    return cluster;
  }

  override async [Symbol.asyncDispose](): Promise<void> {
    await super[Symbol.asyncDispose]();
    await dropDatabase(this.#adminUrl, new URL(this.databaseUrl).pathname.slice(1));
  }
}

type Isolated = { readonly topic: string; readonly group: string; readonly adminUrl: string };

async function createDatabase(adminUrl: string, name: string): Promise<string> {
  await administrate(adminUrl, `CREATE DATABASE ${name}`);
  const url = new URL(adminUrl);
  url.pathname = `/${name}`;
  return url.href;
}

async function dropDatabase(adminUrl: string, name: string): Promise<void> {
  await administrate(adminUrl, `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
}

async function administrate(url: string, statement: string): Promise<void> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}

/** Redis has 16 databases: 0 counts, 1 to 15 are given out in turn, empty. */
async function ownRedisDatabase(redisUrl: string): Promise<string> {
  const redis = new Redis(redisUrl);
  try {
    const turn = await redis.incr('carillon:test:turn');
    const database = 1 + (turn % 15);
    await redis.select(database);
    await redis.flushdb();
    const url = new URL(redisUrl);
    url.pathname = `/${database}`;
    return url.href;
  } finally {
    redis.disconnect();
  }
}
