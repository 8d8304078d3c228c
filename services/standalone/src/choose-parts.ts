import { EmbeddedPostgres } from '@carillon/embedded';
import {
  type EventLogReader,
  type EventLogWriter,
  ensureTopic,
  type GroupMember,
  InProcessEventLog,
  KafkaReader,
  KafkaWriter,
} from '@carillon/event-log';
import { InProcessPresence, type Presence, probeRedis, RedisPresence, type ShardToken } from '@carillon/presence';
import { DeadlineError, type Logger, StartError, systemClock, withDeadline } from '@carillon/runtime';
import { type Inbox, InProcessInboxes, RedisInbox } from '@carillon/shard';
import { Database } from '@carillon/store';
import type { StandaloneOptions } from './options.ts';

/** What differs between embedded and real services, chosen for each by its URL alone: nothing falls back in silence. */
export type Parts = {
  readonly database: { readonly url: string; readonly name: string; readonly place: string };
  readonly eventLog: {
    readonly name: string;
    readonly partitionCount: number;
    readonly writer: EventLogWriter;
    readonly reader: (member: () => GroupMember) => EventLogReader;
  };
  readonly presence: { readonly name: string; readonly registry: Presence; readonly inbox: (token: ShardToken) => Inbox };
};

type Choice = {
  readonly options: StandaloneOptions;
  readonly logger: Logger;
  readonly announce: (text: string) => void;
  readonly own: (part: AsyncDisposable) => void;
};

/** With the process's own start it stays below ten seconds. */
const reachDeadlineMs = 8_000;

/** Starts or reaches each part. What needs stopping is given to `own` as soon as it exists. */
export async function chooseParts(choice: Choice): Promise<Parts> {
  const database = await chooseDatabase(choice);
  const eventLog = await chooseEventLog(choice);
  return { database, eventLog, presence: await choosePresence(choice) };
}

async function chooseDatabase({ options, announce, logger, own }: Choice): Promise<Parts['database']> {
  if (options.databaseUrl !== undefined) {
    await using probe = new Database({ url: options.databaseUrl, maxConnections: 1, applicationName: 'carillon-start', logger });
    await reach('DATABASE_URL', 'Postgres', probe.ping());
    return { url: options.databaseUrl, name: 'Postgres', place: 'the database that DATABASE_URL names' };
  }
  const server = new EmbeddedPostgres({ dataDir: options.dataDir, announce });
  own(server);
  const { url, port, version } = await server.start();
  return { url, name: 'embedded Postgres', place: `${options.dataDir} (Postgres ${version}, port ${port}); delete it to start again` };
}

async function chooseEventLog({ options, logger, own }: Choice): Promise<Parts['eventLog']> {
  const { partitions, kafkaTopic: topic, kafkaGroup: groupId } = options;
  if (options.kafkaBrokers === undefined) {
    const log = new InProcessEventLog({ partitionCount: partitions });
    return {
      name: 'in-process event log',
      partitionCount: partitions,
      writer: log.createWriter(),
      reader: (member) => log.createReader(member),
    };
  }
  const brokers = options.kafkaBrokers.split(',').map((broker) => broker.trim());
  await reach('KAFKA_BROKERS', 'Kafka', ensureTopic({ brokers, topic, partitions, logger }));
  const writer = new KafkaWriter({ brokers, topic, clientId: 'carillon-api', logger });
  own(writer);
  return {
    name: 'Kafka',
    partitionCount: partitions,
    writer,
    reader: (member) => new KafkaReader({ brokers, topic, groupId, member, logger }),
  };
}

async function choosePresence({ options, logger, own }: Choice): Promise<Parts['presence']> {
  const url = options.redisUrl;
  if (url === undefined) {
    const inboxes = new InProcessInboxes();
    return { name: 'in-process presence', registry: new InProcessPresence(), inbox: (token) => inboxes.open(token) };
  }
  await reach('REDIS_URL', 'Redis', probeRedis(url, reachDeadlineMs));
  const registry = new RedisPresence({ url, logger });
  own(registry);
  return { name: 'Redis', registry, inbox: (token) => new RedisInbox({ url, token, clock: systemClock, random: Math.random, logger }) };
}

/** A service that was named must answer; the error never shows its URL, which may hold a password. */
async function reach(variable: string, name: string, answer: Promise<unknown>): Promise<void> {
  try {
    await withDeadline(answer, reachDeadlineMs, name);
  } catch (error) {
    if (error instanceof StartError) throw error;
    throw new StartError(`${variable} is set, but ${name} cannot be reached there: ${reasonOf(error)}`, { cause: error });
  }
}

/** What the driver said first, below what the store made of it. */
function reasonOf(error: unknown): string {
  if (error instanceof DeadlineError) return `no answer within ${reachDeadlineMs / 1000} s`;
  if (error instanceof AggregateError) return error.errors.map(reasonOf).join(', ');
  if (!(error instanceof Error)) return String(error);
  return error.cause === undefined ? error.message : reasonOf(error.cause);
}
