import { randomBytes } from 'node:crypto';
import { parseMetricsText } from '@carillon/runtime';
import { Cluster, startServices } from '@carillon/testkit';
import type { Watched } from './process-samples.ts';
import type { Profile, ScenarioSettings } from './profile.ts';
import type { Endpoint } from './server-metrics.ts';

/** What is loaded: where its API is, what can be watched of it, and, if it was started here, what can be done to it. */
export type LoadTarget = AsyncDisposable & {
  readonly url: string;
  readonly description: string;
  readonly env: Readonly<Record<string, string>>;
  /** Asked again and again: a process that was started again has another pid and port. */
  readonly watched: () => readonly Watched[];
  readonly endpoints: () => readonly Endpoint[];
  readonly cluster: Cluster | undefined;
};

export function givenTarget(url: string, metrics: readonly string[]): LoadTarget {
  const endpoints = metrics.map((adminUrl) => ({ role: new URL(adminUrl).host, adminUrl: adminUrl.replace(/\/+$/, '') }));
  return {
    url,
    description: new URL(url).origin,
    env: {},
    watched: () => [],
    endpoints: () => endpoints,
    cluster: undefined,
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

/** Starts services and a cluster of the profile's size. Its tokens are signed by k6 itself, with a secret made here. */
export async function ownTarget(profile: Profile, settings: ScenarioSettings, announce: (text: string) => void): Promise<LoadTarget> {
  const services = await startServices({ announce, isDurable: true });
  try {
    const { apis, env } = profile.cluster;
    const shards = settings.shards ?? profile.cluster.shards;
    announce(`starting ${apis} API and ${shards} shard processes …`);
    const secret = randomBytes(32).toString('hex');
    const all = { LOG_LEVEL: 'warn', ...env, ...settings.clusterEnv, AUTH_JWT_SECRET: secret };
    const onExit = (role: string, how: string) => announce(`${role} ended by itself: ${how}`);
    const onLine = (role: string, line: string) => announce(`${role}: ${line}`);
    const cluster = await Cluster.start({ apis, shards, services: services.urls, env: all, onExit, onLine });
    await untilOwned(cluster).catch(async (error: unknown) => {
      await cluster[Symbol.asyncDispose]();
      throw error;
    });
    const members = () => [...cluster.apis, ...cluster.shards];
    const names = { databaseUrl: 'postgres', kafkaBrokers: 'kafka', redisUrl: 'redis' } as const;
    const servers = Object.entries(names).flatMap(([key, role]) => {
      const pid = services.pids[key as keyof typeof names];
      return pid === null ? [] : [{ role, pid }];
    });
    return {
      url: cluster.apis[0]?.url ?? '',
      description: `own cluster: ${apis} API, ${shards} shards`,
      env: { LOAD_JWT_SECRET: secret },
      watched: () => [...members().map((member) => ({ role: member.role, pid: member.process.pid })), ...servers],
      endpoints: () => members().map(({ role, adminUrl }) => ({ role, adminUrl })),
      cluster,
      async [Symbol.asyncDispose]() {
        await cluster[Symbol.asyncDispose]();
        await services[Symbol.asyncDispose]();
      },
    };
  } catch (error) {
    await services[Symbol.asyncDispose]();
    throw error;
  }
}

const partitions = 64;
const ownedWithinMs = 30_000;

/** Until every partition has its owner: whoever connects before is sent to a shard that may not keep them. */
async function untilOwned({ shards }: Cluster): Promise<void> {
  const deadlineMs = Date.now() + ownedWithinMs;
  for (;;) {
    const owned = await Promise.all(shards.map(({ adminUrl }) => partitionsOwned(adminUrl)));
    if (owned.every((count) => count > 0) && owned.reduce((sum, count) => sum + count, 0) === partitions) return;
    if (Date.now() > deadlineMs) throw new Error(`${owned.join(' + ')} of ${partitions} partitions are owned`);
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

async function partitionsOwned(adminUrl: string): Promise<number> {
  const text = await (await fetch(`${adminUrl}/metrics`)).text();
  return parseMetricsText(text).find(({ name }) => name === 'carillon_partitions_owned')?.value ?? 0;
}
