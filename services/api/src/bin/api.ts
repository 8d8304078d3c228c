import { KafkaWriter, kafkaSecurity } from '@carillon/event-log';
import { RedisPresence } from '@carillon/presence';
import {
  AdminServer,
  armFailpoints,
  createLogger,
  exitOnStartError,
  isProduction,
  Metrics,
  misspeltVariables,
  parseConfig,
  runService,
} from '@carillon/runtime';
import { createApi } from '../api.ts';
import { apiProcessSchema } from '../config.ts';
import { observePresence } from '../metrics.ts';
import { answerCommandLine } from './command-line.ts';

/** `node services/api/dist/bin/api.js`: one API process on Kafka and Redis. */
async function main(): Promise<void> {
  const schema = apiProcessSchema(isProduction(process.env));
  answerCommandLine({
    args: process.argv.slice(2),
    name: 'api',
    does: 'Runs one Carillon API process: HTTP and the outbox relay.',
    schema,
  });
  const config = parseConfig(schema, process.env);
  const isPretty = config.LOG_PRETTY ?? (config.NODE_ENV === 'development' && process.stdout.isTTY);
  const logger = createLogger({ level: config.LOG_LEVEL, pretty: isPretty, name: 'api' });
  for (const misspelt of misspeltVariables(schema, process.env)) logger.warn(misspelt, 'unknown variable, perhaps misspelt');
  const metrics = new Metrics();
  metrics.collectProcess();
  const writer = new KafkaWriter({
    brokers: config.KAFKA_BROKERS,
    security: kafkaSecurity(config),
    topic: config.KAFKA_TOPIC,
    clientId: 'carillon-api',
    logger,
  });
  const presence = new RedisPresence({ url: config.REDIS_URL, logger, onOperation: observePresence(metrics) });
  const failpoint = armFailpoints(config.FAILPOINTS);
  const api = createApi(config, { writer, presence, logger, metrics, failpoint });
  const admin = new AdminServer({ host: config.HOST, port: config.ADMIN_PORT, health: [api.health], metrics });
  const service = {
    start: async () => {
      logger.info({ url: await admin.listen() }, 'admin port listens');
      await api.start();
    },
    stop: async () => {
      await api.stop();
      await writer[Symbol.asyncDispose]();
      await presence[Symbol.asyncDispose]();
      await admin[Symbol.asyncDispose]();
    },
  };
  await runService(service, { logger, graceMs: config.API_DRAIN_WAIT_SECONDS * 1000 + 20_000 });
}

await main().catch(exitOnStartError);
