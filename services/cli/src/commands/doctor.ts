import { checkDependencies, type Finding } from '@carillon/api';
import { StartError } from '@carillon/runtime';
import { adminPorts } from '../admin-ports.ts';
import { adminOptions, adminUsage, type Command, parse } from '../command.ts';
import { checkClocks } from '../doctor/check-clocks.ts';
import { checkDescriptors } from '../doctor/check-descriptors.ts';
import { kafkaFrom } from '../kafka-address.ts';
import { table } from '../table.ts';
import { variablesFrom } from '../variables.ts';

const usage = `carillon doctor [flags]: Postgres, the Kafka topic and its settings, Redis, clocks, descriptor limits; changes nothing

${adminUsage}

Looks at what DATABASE_URL, KAFKA_BROKERS (KAFKA_TOPIC, KAFKA_PARTITIONS, KAFKA_… security) and REDIS_URL name, or files that X_FILE
names, and at the processes behind the admin ports; what is not named is not looked at. Exit code 1 when something does not fit; a
warning does not count.
`;

type Env = Readonly<Record<string, string | undefined>>;

export const doctor: Command = {
  does: 'looks for what does not fit: dependencies, topic, clocks, limits',
  usage,
  async run(args, { env, print }) {
    const { values } = parse(args, adminOptions, usage);
    const findings = await examine(await portsIfNamed(values, env), env);
    print(values.json === true ? `${JSON.stringify({ checks: findings })}\n` : asText(findings));
    return findings.some(({ faults }) => faults.length > 0) ? 1 : 0;
  },
};

async function examine(adminUrls: readonly string[], env: Env): Promise<Finding[]> {
  const { DATABASE_URL: databaseUrl, REDIS_URL: redisUrl, KAFKA_PARTITIONS: partitions, SHARD_MAX_CONNECTIONS } = variablesFrom(env);
  const kafka = env['KAFKA_BROKERS'] ? { ...kafkaFrom(env), partitions } : undefined;
  if (databaseUrl === undefined && redisUrl === undefined && kafka === undefined && adminUrls.length === 0)
    throw new StartError(`nothing is named to look at\n\n${usage}`);
  const [dependencies, clocks, descriptors] = await Promise.all([
    checkDependencies({ databaseUrl, migrates: false, redisUrl, ...(kafka === undefined ? {} : { kafka }) }),
    checkClocks({ databaseUrl, adminUrls }),
    checkDescriptors(adminUrls, SHARD_MAX_CONNECTIONS),
  ]);
  return [...dependencies, clocks, descriptors];
}

/** The processes may not run yet: then their ports are not named. */
async function portsIfNamed(flags: { admin?: string | undefined; cluster?: string | undefined }, env: Env): Promise<string[]> {
  const isNamed = [flags.admin, flags.cluster, env['CARILLON_ADMIN_URLS'], env['CARILLON_CLUSTER']].some(
    (text) => text !== undefined && text !== '',
  );
  return isNamed ? adminPorts(flags, env) : [];
}

function asText(findings: readonly Finding[]): string {
  const rows = findings.map(({ name, found, faults, warnings }) => [
    name,
    faults.length > 0 ? 'FAULT' : warnings.length > 0 ? 'warning' : 'ok',
    found,
  ]);
  const notes = findings.flatMap(({ name, faults, warnings }) => [
    ...faults.map((fault) => `! ${name}: ${fault}\n`),
    ...warnings.map((warning) => `  ${name}: ${warning}\n`),
  ]);
  return `${table(['check', 'state', 'found'], rows)}${notes.length > 0 ? '\n' : ''}${notes.join('')}`;
}
