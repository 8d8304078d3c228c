import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePorts, killAtExit, startServices } from '@carillon/testkit';

type Env = Readonly<Record<string, string>>;
type Running = AsyncDisposable & { readonly ended: Promise<string> };

const secret = 'a secret of the check, 32 bytes or more';
const deadlineMs = 60_000;

/**
 * Runs the image's commands from its folder on real services, in production mode: preflight, migrate, an API and a shard, the canary
 * through both, the operator's command; then SIGTERM to them. Rejects with the output of whatever fails.
 */
export async function runImage(app: string, announce: (line: string) => void): Promise<void> {
  await using services = await startServices({ announce, isDurable: false });
  const { databaseUrl, kafkaBrokers, redisUrl } = services.urls;
  const [apiPort = 0, apiAdmin = 0, shardPort = 0, shardAdmin = 0] = await freePorts(4);
  const url = `ws://127.0.0.1:${shardPort}`;
  const env = {
    ...{ HOST: '127.0.0.1', DATABASE_URL: databaseUrl, KAFKA_BROKERS: kafkaBrokers, REDIS_URL: redisUrl },
    ...{ AUTH_JWT_SECRET: secret, TICKET_SECRET: secret, LOG_LEVEL: 'warn' },
  };
  for (const command of ['preflight', 'migrate']) await toEnd(app, [command], env, announce);
  await using api = start(app, ['api'], { ...env, API_PORT: `${apiPort}`, ADMIN_PORT: `${apiAdmin}`, API_DRAIN_WAIT_SECONDS: '0' });
  const shardEnv = { ...env, SHARD_ID: 'shard-0', SHARD_PORT: `${shardPort}`, ADMIN_PORT: `${shardAdmin}`, SHARD_PUBLIC_URL: url };
  await using shard = start(app, ['shard'], shardEnv);
  await Promise.all([ready(apiAdmin, api), ready(shardAdmin, shard)]);
  const canaryEnv = { AUTH_JWT_SECRET: secret, CANARY_API_URL: `http://127.0.0.1:${apiPort}`, CANARY_SHARDS: url };
  await toEnd(app, ['canary', '--once'], canaryEnv, announce);
  await toEnd(app, ['doctor'], env, announce);
}

async function toEnd(app: string, args: readonly string[], env: Env, announce: (line: string) => void): Promise<void> {
  const output = await start(app, args, env).ended;
  announce(`carillon ${args.join(' ')}: ok`);
  for (const line of output.split('\n').filter((one) => one !== '')) announce(`  ${line}`);
}

/** `ended` resolves with the output of exit code 0 and rejects with that of any other. Dispose: SIGTERM, and the end must be clean. */
function start(app: string, args: readonly string[], env: Env): Running {
  const child = spawn(process.execPath, [join(app, 'carillon.mjs'), ...args], {
    cwd: app,
    env: { ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  killAtExit(child.pid ?? 0);
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (data: Buffer) => (output += data.toString()));
  const ended = new Promise<string>((resolve, reject) => {
    child.once('close', (code) =>
      code === 0 ? resolve(output) : reject(new Error(`carillon ${args.join(' ')} ended with ${code}:\n${output}`)),
    );
  });
  ended.catch(() => undefined); // told to whoever awaits it, or by the disposal
  return {
    ended,
    [Symbol.asyncDispose]: async () => {
      child.kill('SIGTERM');
      await ended;
    },
  };
}

async function ready(adminPort: number, running: Running): Promise<void> {
  const deadline = Date.now() + deadlineMs;
  while (Date.now() < deadline) {
    const answer = await fetch(`http://127.0.0.1:${adminPort}/readyz`).catch(() => undefined);
    if (answer?.status === 200) return;
    await Promise.race([sleep(200), running.ended]);
  }
  throw new Error(`port ${adminPort} is not ready after ${deadlineMs / 1_000} s`);
}
