import { freePorts, TestCluster } from '@carillon/testkit';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { runCli } from './cli.ts';
import type { ProcessStatus } from './process-status.ts';

/** One cluster for all commands: each looks at what the one before did. */
let cluster: TestCluster;
let env: Record<string, string>;

beforeAll(async () => {
  const services = { databaseUrl: inject('postgresUrl'), kafkaBrokers: inject('kafkaBrokers'), redisUrl: inject('redisUrl') };
  cluster = await TestCluster.start({ apis: 1, shards: 2, services });
  env = {
    CARILLON_ADMIN_URLS: [...cluster.apis, ...cluster.shards].map(({ adminUrl }) => adminUrl).join(','),
    CARILLON_API_URL: cluster.apis[0]?.url ?? '',
    KAFKA_BROKERS: services.kafkaBrokers,
    KAFKA_TOPIC: cluster.kafkaTopic,
    DATABASE_URL: cluster.databaseUrl,
    REDIS_URL: cluster.redisUrl,
  };
});
afterAll(() => cluster[Symbol.asyncDispose]());

/** A command as a person starts it, and what it prints. */
class Run {
  printed = '';
  noted = '';
  readonly ended: Promise<number>;

  constructor(args: readonly string[], more: Record<string, string> = {}) {
    this.ended = runCli(args, {
      env: { ...env, ...more },
      print: (text) => {
        this.printed += text;
      },
      note: (text) => {
        this.noted += text;
      },
      signal: new AbortController().signal,
    });
  }

  async json<T>(): Promise<T> {
    await this.ended;
    return JSON.parse(this.printed) as T;
  }
}

const statusOf = () => new Run(['status', '--json']).json<{ processes: ProcessStatus[]; faults: string[] }>();

test('[A2] status: all is well once every partition has an owner; as a table and as JSON; a silent port is told', async () => {
  await expect.poll(async () => (await statusOf()).faults, { timeout: 30_000 }).toEqual([]);
  const { processes } = await statusOf();
  expect(processes.map(({ kind, state }) => `${kind} ${state}`).sort()).toEqual(['api ready', 'shard ready', 'shard ready']);
  const run = new Run(['status']);
  expect(await run.ended).toBe(0);
  expect(run.printed).toMatch(/shard-1 +ready +0 +0 +32[\s\S]*0 connections, 64 of 64 partitions[\s\S]*all is well/);

  const [port = 0] = await freePorts(1);
  const silent = new Run(['status', '--admin', `${env['CARILLON_ADMIN_URLS']},http://127.0.0.1:${port}`]);
  expect(await silent.ended).toBe(1);
  expect(silent.printed).toContain(`! http://127.0.0.1:${port} is unreachable`);
});

test('[A2] publish waits for the push, and tail sees the notification by user and by chat, its content only when asked', async () => {
  const byUser = new Run(['tail', 'bob', '--count', '1', '--json']);
  await expect.poll(() => byUser.noted, { timeout: 30_000 }).toContain('following bob');
  const published = new Run(['publish', 'hello', '--as', 'alice', '--to', 'bob', '--wait', '--json']);
  const told = await published.json<{ chat_id: string; seq: number; pushed_ms: number; shard_id: string }>();
  expect(told).toMatchObject({ seq: 2, pushed_ms: expect.any(Number), shard_id: expect.stringMatching(/^shard-[01]$/) });
  expect(await byUser.ended).toBe(0);
  expect(JSON.parse(byUser.printed.split('\n')[0] ?? '')).toMatchObject({ chat_id: told.chat_id, actor_id: 'alice' });

  const refused = new Run(['publish', 'a'.repeat(4_001), '--as', 'alice', '--chat', told.chat_id]).ended;
  await expect(refused).rejects.toThrow(/the API answered 400: [\s\S]*\n {2}\/text: /);

  const byChat = new Run(['tail', told.chat_id, '--count', '1', '--content']);
  await expect.poll(() => byChat.noted, { timeout: 30_000 }).toContain('following');
  expect(await new Run(['publish', 'secret words', '--as', 'bob', '--chat', told.chat_id]).ended).toBe(0);
  expect(await byChat.ended).toBe(0);
  expect(byChat.printed).toContain('secret words');
  expect(byUser.printed).not.toContain('hello');
});

test('[A2] doctor: a cluster that fits has no fault; a wrong number of partitions and a silent server are told with what to do', async () => {
  const well = new Run(['doctor', '--json']);
  const { checks } = await well.json<{ checks: { name: string; faults: string[] }[] }>();
  expect(checks.map(({ name, faults }) => [name, faults])).toEqual(
    ['Postgres', 'Kafka', 'Redis', 'clocks', 'descriptors'].map((name) => [name, []]),
  );
  expect(await well.ended).toBe(0);
  const [port = 0] = await freePorts(1);
  const ill = new Run(['doctor'], { KAFKA_PARTITIONS: '12', REDIS_URL: `redis://127.0.0.1:${port}` });
  expect(await ill.ended).toBe(1);
  expect(ill.printed).toMatch(/Kafka +FAULT +1 brokers, 64 partitions[\s\S]*Redis +FAULT[\s\S]*set KAFKA_PARTITIONS=64[\s\S]*ECONNREFUSED/);
});

test('[A1] [A2] drain empties a shard and tells its end; the other one owns all; the last one is kept', async () => {
  const run = new Run(['drain', 'shard-0', '--json', '--seconds', '60']);
  expect(await run.json()).toMatchObject({ shard: 'shard-0', ended: true });
  expect(await run.ended).toBe(0);
  expect(await cluster.shards[0]?.process.exited()).toBe('exit code 0');
  const last = new Run(['drain', 'shard-1']).ended;
  await expect(last).rejects.toThrow('shard-1 is the only ready shard');
  await expect(new Run(['drain', 'shard-7']).ended).rejects.toThrow('no shard here is called shard-7');
  await expect
    .poll(async () => (await statusOf()).processes.find(({ name }) => name === 'shard-1')?.partitions, { timeout: 30_000 })
    .toBe(64);
});
