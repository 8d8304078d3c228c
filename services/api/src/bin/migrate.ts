import { ensureTopic, kafkaSecurity } from '@carillon/event-log';
import { createLogger, exitOnStartError, parseConfig } from '@carillon/runtime';
import { migrate } from '@carillon/store';
import { migrateSchema } from '../config.ts';
import { answerCommandLine } from './command-line.ts';

/** `node services/api/dist/bin/migrate.js`: the database's schema and, with KAFKA_BROKERS, the topic. Safe when two run together. */
async function main(): Promise<void> {
  const schema = migrateSchema();
  answerCommandLine({ args: process.argv.slice(2), name: 'migrate', does: "Brings Carillon's database and topic up to date.", schema });
  const config = parseConfig(schema, process.env);
  const logger = createLogger({ level: config.LOG_LEVEL, pretty: config.LOG_PRETTY ?? process.stdout.isTTY, name: 'migrate' });
  await migrate({ url: config.DATABASE_URL, logger });
  if (config.KAFKA_BROKERS === undefined) return;
  const { KAFKA_BROKERS: brokers, KAFKA_TOPIC: topic, KAFKA_PARTITIONS: partitions } = config;
  await ensureTopic({ brokers, security: kafkaSecurity(config), topic, partitions, logger });
}

await main().catch(exitOnStartError);
