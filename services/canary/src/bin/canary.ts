import { randomUUID } from 'node:crypto';
import { DevTokens } from '@carillon/auth';
import {
  AdminServer,
  answerCommandLine,
  createLogger,
  exitOnStartError,
  type Health,
  Metrics,
  parseConfig,
  runService,
  StartError,
  systemClock,
} from '@carillon/runtime';
import { Canary } from '../canary.ts';
import { CanaryApi } from '../canary-api.ts';
import { type CanaryConfig, canarySchema } from '../config.ts';
import { findShards } from '../find-shards.ts';
import { CanaryMetrics } from '../metrics.ts';

const user = 'carillon-canary';
const tokenSeconds = 3_600;

/** `node services/canary/dist/bin/canary.js [--once]`: rounds for ever, or one whose outcome is the exit code. */
async function main(): Promise<void> {
  const schema = canarySchema();
  const args = process.argv.slice(2);
  const isOnce = args[0] === '--once';
  const does = 'Publishes a message and receives it through every shard; --once: one time, and the exit code tells.';
  answerCommandLine({ args: isOnce ? [] : args, program: 'services/canary/dist/bin/canary.js', does, schema });
  const config = parseConfig(schema, process.env);
  const logger = createLogger({ level: config.LOG_LEVEL, pretty: false, name: 'canary' });
  const metrics = new Metrics();
  metrics.collectProcess();
  const canary = new Canary({
    api: new CanaryApi(config.CANARY_API_URL, tokensOf(config)),
    findShards: () => findShards(config.CANARY_SHARDS),
    runId: `canary-${randomUUID()}`,
    metrics: new CanaryMetrics(metrics),
    clock: systemClock,
    logger,
  });
  if (isOnce) return runOnce(canary);
  await runForever(canary, config, metrics, logger);
}

async function runOnce(canary: Canary): Promise<void> {
  using _ = canary;
  const { reached, missed } = await canary.round().catch((cause: unknown) => {
    throw new StartError(`the message could not be published: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  });
  process.stdout.write(`published one message, received it through ${reached.length} of ${reached.length + missed.length} shards\n`);
  if (missed.length > 0) throw new StartError(`it did not arrive through every shard: ${missed.join('; ')}`);
}

async function runForever(canary: Canary, config: CanaryConfig, metrics: Metrics, logger: ReturnType<typeof createLogger>): Promise<void> {
  const stopping = new AbortController();
  const health: Health = { isStarted: () => true, isDraining: () => stopping.signal.aborted, dependencies: async () => [] };
  const admin = new AdminServer({ host: config.HOST, port: config.ADMIN_PORT, health: [health], metrics });
  const service = {
    start: async () => {
      logger.info({ url: await admin.listen() }, 'admin port listens');
      await canary.run(config.CANARY_INTERVAL_SECONDS * 1_000, stopping.signal);
    },
    stop: async () => {
      stopping.abort();
      canary[Symbol.dispose]();
      await admin[Symbol.asyncDispose]();
    },
  };
  await runService(service, { logger, graceMs: 10_000 });
}

/** A token of the configuration, else one that is made for each hour: `DevTokens` signs with the secret that the API trusts. */
function tokensOf(config: CanaryConfig): () => Promise<string> {
  const { CANARY_TOKEN: given, AUTH_JWT_SECRET: secret = '', AUTH_ISSUER: issuer, AUTH_AUDIENCE: audience } = config;
  if (given !== undefined) return async () => given;
  const options = { secret, ...(issuer === undefined ? {} : { issuer }), ...(audience === undefined ? {} : { audience }) };
  const tokens = new DevTokens(options, systemClock);
  return async () => (await tokens.issue(user, tokenSeconds)).token;
}

await main().catch(exitOnStartError);
