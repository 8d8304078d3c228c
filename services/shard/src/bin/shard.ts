import { KafkaReader, kafkaSecurity, makeMemberLeave } from '@carillon/event-log';
import { RedisPresence } from '@carillon/presence';
import {
  AdminServer,
  answerCommandLine,
  armFailpoints,
  createLogger,
  exitOnStartError,
  isProduction,
  Metrics,
  misspeltVariables,
  parseConfig,
  runService,
  systemClock,
} from '@carillon/runtime';
import { shardProcessSchema } from '../config.ts';
import { RedisInbox } from '../inbox/redis-inbox.ts';
import { ShardMetrics } from '../metrics.ts';
import { createShard } from '../shard.ts';
import { limitConnections } from './limit-connections.ts';

/** What a drain takes beside its two windows: each step has a limit of its own. */
const stepsMs = 20_000;

/** `node services/shard/dist/bin/shard.js`: one shard process on Kafka and Redis. */
async function main(): Promise<void> {
  const production = isProduction(process.env);
  const schema = shardProcessSchema(production);
  const program = 'services/shard/dist/bin/shard.js';
  answerCommandLine({ args: process.argv.slice(2), program, does: 'Runs one Carillon shard: WebSockets and delivery.', schema });
  const config = parseConfig(schema, process.env);
  const isPretty = config.LOG_PRETTY ?? (!production && process.stdout.isTTY);
  const logger = createLogger({ level: config.LOG_LEVEL, pretty: isPretty, name: 'shard' }).child({ shard: config.SHARD_ID });
  for (const misspelt of misspeltVariables(schema, process.env)) logger.warn(misspelt, 'unknown variable, perhaps misspelt');
  const metrics = new Metrics();
  metrics.collectProcess();
  const shardMetrics = new ShardMetrics(metrics);
  const onOperation = (op: string, seconds: number) => shardMetrics.observePresence(config.SHARD_ID, op, seconds);
  const failpoint = armFailpoints(config.FAILPOINTS);
  const { KAFKA_BROKERS: brokers, KAFKA_TOPIC: topic, KAFKA_GROUP: groupId, REDIS_URL: url } = config;
  const security = kafkaSecurity(config);
  const presence = new RedisPresence({ url, logger, onOperation });
  const shard = createShard(limitConnections(config, logger), {
    reader: (member) => new KafkaReader({ brokers, security, topic, groupId, member, logger, failpoint }),
    partitionCount: config.KAFKA_PARTITIONS,
    presence,
    inbox: (token) => new RedisInbox({ url, token, clock: systemClock, random: Math.random, logger }),
    evict: (memberId) => makeMemberLeave({ brokers, security, groupId, memberId, logger }),
    logger,
    metrics: shardMetrics,
    failpoint,
  });
  const onDrain = () => void process.kill(process.pid, 'SIGTERM');
  const admin = new AdminServer({ host: config.HOST, port: config.ADMIN_PORT, health: [shard.health], metrics, onDrain });
  const service = {
    start: async () => {
      logger.info({ url: await admin.listen() }, 'admin port listens');
      await shard.start();
    },
    stop: async () => {
      await shard.stop();
      await presence[Symbol.asyncDispose]();
      await admin[Symbol.asyncDispose]();
    },
  };
  const windowsMs = (config.SHARD_DRAIN_WAIT_SECONDS + config.SHARD_DRAIN_SECONDS) * 1000;
  await runService(service, { logger, graceMs: windowsMs + stepsMs });
}

await main().catch(exitOnStartError);
