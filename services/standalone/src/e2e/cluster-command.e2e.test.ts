import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ApiClient, processesWith, SocketClient, Terminal } from '@carillon/testkit';
import { afterAll, expect, inject, test } from 'vitest';
import { z } from 'zod';

const folder = mkdtempSync(join(tmpdir(), 'carillon-cluster-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const member = { url: z.string(), admin_url: z.string(), pid: z.number() };
const members = { api: z.array(z.strictObject(member)), shards: z.array(z.strictObject({ id: z.string(), ...member })) };
const ofGivenServices = z.object(members);
const clusterFile = z.strictObject({
  ...members,
  services: z.strictObject({
    postgres: z.strictObject({ url: z.string(), pid: z.number() }),
    redis: z.strictObject({ url: z.string(), pid: z.number() }),
    kafka: z.strictObject({ brokers: z.string(), pid: z.number() }),
  }),
});

function runningOf(members: readonly { readonly pid: number }[]): number[] {
  return members.map(({ pid }) => pid).filter((pid) => existsSync(`/proc/${pid}`));
}

test('npm run cluster: own services, the JSON file, a death that is told and not repaired, and nothing left after SIGTERM', async () => {
  const file = join(folder, 'cluster.json');
  await using terminal = new Terminal(`npm run cluster -- --apis 2 --shards 3 --json ${file}`, { CARILLON_TEST_MARK: folder });
  await expect.poll(() => existsSync(file), { timeout: 90_000 }).toBe(true);
  const cluster = clusterFile.parse(JSON.parse(readFileSync(file, 'utf8')));
  expect([cluster.api.length, cluster.shards.length]).toEqual([2, 3]);
  for (const { admin_url } of [...cluster.api, ...cluster.shards]) expect((await fetch(`${admin_url}/readyz`)).status).toBe(200);

  const [victim] = cluster.shards;
  process.kill(victim?.pid ?? 0, 'SIGKILL');
  await terminal.prints(new RegExp(`${victim?.id} ended by itself: signal SIGKILL`));
  const api = new ApiClient(cluster.api[1]?.url ?? '');
  await expect.poll(async () => (await api.ticket('alice')).shard_id, { timeout: 30_000 }).not.toBe(victim?.id);
  await using socket = await SocketClient.open(await api.ticket('alice'));
  const chat = await api.createDirect('alice', 'bob');
  await socket.frame((frame) => frame.type === 'event' && frame.chat_id === chat.id, 'chat.created', 45_000);

  terminal.signal('SIGTERM');
  expect([0, 143, 'SIGTERM']).toContain(await terminal.exit());
  await expect.poll(() => processesWith(folder)).toEqual([]);
  await expect.poll(() => runningOf([...cluster.api, ...cluster.shards, ...Object.values(cluster.services)])).toEqual([]);
});

test('a cluster that is killed outright leaves no process behind', async () => {
  const file = join(folder, 'killed.json');
  const services = { DATABASE_URL: inject('postgresUrl'), KAFKA_BROKERS: inject('kafkaBrokers'), REDIS_URL: inject('redisUrl') };
  await using terminal = new Terminal(`node tools/run.mjs cluster --shards 1 --json ${file}`, services);
  await expect.poll(() => existsSync(file)).toBe(true);
  const { api, shards } = ofGivenServices.parse(JSON.parse(readFileSync(file, 'utf8')));
  const running = () => runningOf([...api, ...shards]);
  expect(running()).toHaveLength(2);
  terminal.signal('SIGKILL');
  await terminal.exit();
  await expect.poll(running).toEqual([]);
});
