import { randomUUID } from 'node:crypto';
import { Redis } from 'ioredis';
import { Client } from 'pg';
import type { ClusterServices } from './cluster.ts';

/** A cluster's own part of servers that several share. Dispose drops the database. */
export type IsolatedServices = AsyncDisposable & {
  readonly services: ClusterServices;
  /** What says so to the processes. */
  readonly env: { readonly KAFKA_TOPIC: string; readonly KAFKA_GROUP: string };
};

/** A database, a topic, a group and a Redis database (1 to 15, taken in turn) of its own. */
export async function isolateServices(shared: ClusterServices): Promise<IsolatedServices> {
  const run = randomUUID().slice(0, 8);
  const databaseUrl = await createDatabase(shared.databaseUrl, `carillon_e2e_${run}`);
  const redisUrl = await ownRedisDatabase(shared.redisUrl);
  return {
    services: { ...shared, databaseUrl, redisUrl },
    env: { KAFKA_TOPIC: `carillon.test.${run}`, KAFKA_GROUP: `carillon-test-${run}` },
    [Symbol.asyncDispose]: () => dropDatabase(shared.databaseUrl, `carillon_e2e_${run}`),
  };
}

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
