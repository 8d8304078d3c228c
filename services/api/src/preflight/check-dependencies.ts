import { inspectTopic, type KafkaSecurity, type TopicFacts } from '@carillon/event-log';
import { inspectRedis, type RedisFacts } from '@carillon/presence';
import { inspectPostgres, type PostgresFacts } from '@carillon/store';

/** One dependency: what was found and, where it does not fit, why and what to do. A warning lets the installation go on. */
export type Finding = {
  readonly name: string;
  readonly found: string;
  readonly faults: readonly string[];
  readonly warnings: readonly string[];
};

type Dependencies = {
  readonly databaseUrl?: string | undefined;
  /** Whether the URL is that of the user who changes the schema; others only need its tables. */
  readonly migrates: boolean;
  readonly kafka?: {
    readonly brokers: readonly string[];
    readonly security: KafkaSecurity;
    readonly topic: string;
    readonly partitions: number;
  };
  readonly redisUrl?: string | undefined;
};

const [oldestPostgres, newestPostgres] = [15, 18];

/** Looks at all that is given, at once, each within 15 s; never rejects. */
export async function checkDependencies({ databaseUrl, migrates, kafka, redisUrl }: Dependencies): Promise<Finding[]> {
  return Promise.all([
    ...(databaseUrl === undefined
      ? []
      : [
          look(
            'Postgres',
            () => inspectPostgres(databaseUrl),
            (facts) => judgePostgres(facts, migrates),
          ),
        ]),
    ...(kafka === undefined
      ? []
      : [
          look(
            'Kafka',
            () => inspectTopic(kafka),
            (facts) => judgeKafka(facts, kafka),
          ),
        ]),
    ...(redisUrl === undefined ? [] : [look('Redis', () => inspectRedis(redisUrl), judgeRedis)]),
  ]);
}

async function look<F>(name: string, inspect: () => Promise<F>, judge: (facts: F) => Omit<Finding, 'name'>): Promise<Finding> {
  try {
    return { name, ...judge(await inspect()) };
  } catch (error) {
    return { name, found: 'no answer', faults: [reasonOf(error)], warnings: [] };
  }
}

/** The innermost cause says why: the outer ones say what was tried. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error instanceof AggregateError && error.errors.length > 0) return reasonOf(error.errors[0]);
  return error.cause === undefined ? error.message : reasonOf(error.cause);
}

/** Postgres, as the user that migrates, or as one that only works on the tables once they are there. */
export function judgePostgres(facts: PostgresFacts, migrates: boolean): Omit<Finding, 'name'> {
  const { version, isReplica, mayCreate, mayWrite, maxConnections } = facts;
  const major = Number(version.split('.')[0]);
  return {
    found: `${version}, ${maxConnections} connections at most`,
    faults: [
      ...(major < oldestPostgres ? [`version ${version} is too old: ${oldestPostgres} or newer is needed`] : []),
      ...(isReplica ? ['this is a replica: give the address of the primary'] : []),
      ...(mayCreate || (mayWrite && !migrates)
        ? []
        : ['this user may not make tables: GRANT CREATE ON SCHEMA public, or give the URL of a user that may']),
    ],
    warnings: major > newestPostgres ? [`version ${version} is newer than what Carillon was tested with (${newestPostgres})`] : [],
  };
}

/** Kafka; a topic that is not there yet will be made by the migration. */
export function judgeKafka({ brokers, topic }: TopicFacts, wanted: { readonly partitions: number }): Omit<Finding, 'name'> {
  if (topic === undefined) return { found: `${brokers} brokers, no topic yet`, faults: [], warnings: [] };
  const { partitions, replicationFactor, timestampType, minInsyncReplicas } = topic;
  return {
    found: `${brokers} brokers, ${partitions} partitions, ${replicationFactor} copies`,
    faults:
      partitions === wanted.partitions
        ? []
        : [
            `the topic has ${partitions} partitions, not the ${wanted.partitions} configured: their number is fixed for good, set KAFKA_PARTITIONS=${partitions}`,
          ],
    warnings: [
      ...(timestampType === 'LogAppendTime' ? [] : [`message.timestamp.type is ${timestampType}: set LogAppendTime`]),
      ...(brokers >= 3 && replicationFactor < 3
        ? [`${replicationFactor} copies: a lost broker loses events, which clients then fetch`]
        : []),
      ...(replicationFactor >= 3 && minInsyncReplicas < 2 ? [`min.insync.replicas is ${minInsyncReplicas}: set 2`] : []),
    ],
  };
}

/** Redis, as the user of API and shards. */
export function judgeRedis({ version, isCluster, isReplica, evictionPolicy }: RedisFacts): Omit<Finding, 'name'> {
  return {
    found: version,
    faults: [
      ...(isCluster ? ['Redis Cluster is not supported: give a single server, or the primary of a Sentinel or managed set'] : []),
      ...(isReplica ? ['this is a replica: give the address of the primary'] : []),
    ],
    warnings: ['noeviction', ''].includes(evictionPolicy)
      ? []
      : [`maxmemory-policy is ${evictionPolicy}: under pressure it forgets who is where, set noeviction`],
  };
}
