import { kafkaSecurity } from '@carillon/event-log';
import { exitOnStartError, parseConfig, StartError } from '@carillon/runtime';
import { preflightSchema } from '../config.ts';
import { checkDependencies, type Finding } from '../preflight/check-dependencies.ts';
import { answerCommandLine } from './command-line.ts';

/** `node services/api/dist/bin/preflight.js`: looks at Postgres, Kafka and Redis before anything changes; exit code 1 when one does not fit. */
async function main(): Promise<void> {
  const schema = preflightSchema();
  const does = 'Looks at Postgres, Kafka and Redis, and changes nothing.';
  answerCommandLine({ args: process.argv.slice(2), name: 'preflight', does, schema });
  const config = parseConfig(schema, process.env);
  const { KAFKA_BROKERS: brokers, KAFKA_TOPIC: topic, KAFKA_PARTITIONS: partitions } = config;
  const findings = await checkDependencies({
    migrates: true,
    databaseUrl: config.DATABASE_URL,
    ...(brokers === undefined ? {} : { kafka: { brokers, security: kafkaSecurity(config), topic, partitions } }),
    redisUrl: config.REDIS_URL,
  });
  process.stdout.write(findings.map(lineOf).join(''));
  const faulty = findings.filter(({ faults }) => faults.length > 0).map(({ name }) => name);
  if (faulty.length > 0) throw new StartError(`${faulty.join(', ')} cannot be used as configured: nothing was changed`);
}

function lineOf({ name, found, faults, warnings }: Finding): string {
  const head = `${faults.length > 0 ? 'FAULT' : 'ok'}`.padEnd(6);
  const notes = [...faults, ...warnings.map((warning) => `warning: ${warning}`)].map((note) => `        ${note}\n`);
  return `${head}${name.padEnd(10)}${found}\n${notes.join('')}`;
}

await main().catch(exitOnStartError);
