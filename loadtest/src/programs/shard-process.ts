import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { withDeadline } from '@carillon/runtime';
import { freePorts, killAtExit } from '@carillon/testkit';
import { z } from 'zod';
import { pinned } from './pinned.ts';
import { youngGeneration } from './young-generation.ts';

const number = z.number().nonnegative();
const usageSchema = z.object({ cpuUs: number, rssBytes: number, heapBytes: number, externalBytes: number });
const root = fileURLToPath(new URL('../../../', import.meta.url));
const readyDeadlineMs = 30_000;
const idleDeadlineMs = 20_000;

type ShardProcessOptions = {
  readonly kafkaBrokers: string;
  readonly redisUrl: string;
  readonly partitions: number;
  readonly secret: string;
  readonly smallYoung?: boolean;
};

/** The production shard, `bin/shard.ts`, alone in its group, on core 0. Dispose: SIGTERM, then SIGKILL after 10 s. */
export class ShardProcess implements AsyncDisposable {
  readonly #child: ChildProcess;
  readonly #adminUrl: string;
  readonly port: number;

  private constructor(child: ChildProcess, port: number, adminPort: number) {
    this.#child = child;
    this.#adminUrl = `http://127.0.0.1:${adminPort}`;
    this.port = port;
  }

  /** Ready when it resolves. */
  static async start(options: ShardProcessOptions): Promise<ShardProcess> {
    const [port = 0, adminPort = 0] = await freePorts(2);
    const profile = process.env['BENCH_CPU_PROFILE'] === 'shard' ? ['--cpu-prof', '--cpu-prof-dir=loadtest/results'] : [];
    const flags = [youngGeneration(options.smallYoung), '--expose-gc', ...profile, '--import', `${root}loadtest/dist/servers/probe.js`];
    const [command, ...args] = pinned(0, [process.execPath, ...flags, `${root}services/shard/dist/bin/shard.js`]);
    // What it logs goes where progress goes: stdout is for the table.
    const child = spawn(command, args, { env: environment(options, port, adminPort), stdio: ['ignore', 2, 2, 'ipc'] });
    if (child.pid !== undefined) killAtExit(child.pid);
    const shard = new ShardProcess(child, port, adminPort);
    try {
      await shard.#until(async () => (await shard.#get('/readyz')) !== undefined, readyDeadlineMs, 'ready');
      return shard;
    } catch (error) {
      await shard[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Its CPU since its start, and its memory; `gc`: after a collection. */
  async usage(kind: 'usage' | 'gc'): Promise<z.output<typeof usageSchema>> {
    const answer = once(this.#child, 'message');
    this.#child.send(kind);
    const [usage] = await withDeadline(answer, 10_000, `the shard's ${kind}`);
    return usageSchema.parse(usage);
  }

  /** Stands still until `thaw`: nothing is read from the log meanwhile. Must be shorter than its session in the group. */
  freeze(): void {
    this.#child.kill('SIGSTOP');
  }

  thaw(): void {
    this.#child.kill('SIGCONT');
  }

  /** The sum of a metric's lines whose labels contain this text. */
  async metric(name: string, label = ''): Promise<number> {
    const lines = ((await this.#get('/metrics')) ?? '').split('\n');
    const values = lines
      .filter((line) => line.startsWith(`${name}{`) && line.includes(label))
      .map((line) => Number(line.split(' ').at(-1)));
    return values.reduce((sum, value) => sum + value, 0);
  }

  /** Resolves when every connection has ended. */
  async emptied(): Promise<void> {
    await this.#until(async () => (await this.metric('carillon_ws_connections')) === 0, idleDeadlineMs, 'without connections');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const exited = once(this.#child, 'exit');
    this.#child.kill('SIGTERM');
    this.#child.kill('SIGCONT');
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), 10_000);
    await exited;
    clearTimeout(timer);
  }

  async #get(path: string): Promise<string | undefined> {
    const answer = await fetch(`${this.#adminUrl}${path}`, { signal: AbortSignal.timeout(5_000) }).catch(() => undefined);
    return answer?.ok === true ? answer.text() : undefined;
  }

  async #until(isTrue: () => Promise<boolean>, deadlineMs: number, what: string): Promise<void> {
    const endMs = performance.now() + deadlineMs;
    while (!(await isTrue())) {
      if (this.#child.exitCode !== null) throw new Error(`the shard ended with exit code ${this.#child.exitCode}`);
      if (performance.now() > endMs) throw new Error(`the shard was not ${what} in ${deadlineMs / 1000} s`);
      await pause(50);
    }
  }
}

function environment({ kafkaBrokers, redisUrl, partitions, secret }: ShardProcessOptions, port: number, adminPort: number) {
  return {
    ...process.env,
    NODE_ENV: 'development',
    HOST: '127.0.0.1',
    SHARD_ID: 'bench',
    SHARD_PORT: String(port),
    SHARD_PUBLIC_URL: `ws://127.0.0.1:${port}`,
    ADMIN_PORT: String(adminPort),
    KAFKA_BROKERS: kafkaBrokers,
    KAFKA_PARTITIONS: String(partitions),
    REDIS_URL: redisUrl,
    TICKET_SECRET: secret,
    AUTH_JWT_SECRET: secret,
    UPGRADE_RATE: '0',
    // Between two runs all clients go at once: nothing is to be drained at the end.
    SHARD_DRAIN_SECONDS: '0',
    LOG_PRETTY: 'false',
    LOG_LEVEL: 'warn',
  };
}
