import { type ApiClient, type ClusterServices, TestCluster } from '@carillon/testkit';

type Inject = (key: 'postgresUrl' | 'kafkaBrokers' | 'redisUrl') => string;
type Size = { apis: number; shards: number; env?: Record<string, string> };

/** A cluster of production processes on the run's services, with a database, topic, group and Redis database of its own. */
export function startTestCluster(inject: Inject, size: Size): Promise<TestCluster> {
  const services: ClusterServices = {
    databaseUrl: inject('postgresUrl'),
    kafkaBrokers: inject('kafkaBrokers'),
    redisUrl: inject('redisUrl'),
  };
  return TestCluster.start({ ...size, services });
}

/** New users, one for each shard named, found by asking for tickets: the ticket names the shard that owns its user. */
export async function usersOnShards(api: ApiClient, shardIds: readonly string[]): Promise<string[]> {
  const run = crypto.randomUUID().slice(0, 8);
  const found: string[] = [];
  for (let n = 0; found.length < shardIds.length; n += 1) {
    const user = `user-${run}-${n}`;
    if ((await api.ticket(user)).shard_id === shardIds[found.length]) found.push(user);
  }
  return found;
}
