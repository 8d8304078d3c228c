import { expect, test } from 'vitest';
import { checkDependencies, judgeKafka, judgePostgres, judgeRedis } from './check-dependencies.ts';

const postgres = { version: '18.4', isReplica: false, mayCreate: true, mayWrite: false, maxConnections: 100 };
const topic = { partitions: 64, replicationFactor: 3, timestampType: 'LogAppendTime', minInsyncReplicas: 2 };
const redis = { version: '7.4.0', isCluster: false, isReplica: false, evictionPolicy: 'noeviction' };

test('[K8] what fits is described without a fault', () => {
  expect(judgePostgres(postgres, true)).toEqual({ found: '18.4, 100 connections at most', faults: [], warnings: [] });
  expect(judgeKafka({ brokers: 3, topic }, { partitions: 64 })).toEqual({
    found: '3 brokers, 64 partitions, 3 copies',
    faults: [],
    warnings: [],
  });
  expect(judgeKafka({ brokers: 3 }, { partitions: 64 })).toEqual({ found: '3 brokers, no topic yet', faults: [], warnings: [] });
  expect(judgeRedis(redis)).toEqual({ found: '7.4.0', faults: [], warnings: [] });
});

test('[K8] what does not fit says why and what to do', () => {
  expect(judgePostgres({ ...postgres, version: '14.9', isReplica: true, mayCreate: false }, true).faults).toEqual([
    expect.stringContaining('too old: 15'),
    expect.stringContaining('the primary'),
    expect.stringContaining('GRANT CREATE'),
  ]);
  expect(judgeKafka({ brokers: 3, topic: { ...topic, partitions: 12 } }, { partitions: 64 }).faults).toEqual([
    expect.stringContaining('set KAFKA_PARTITIONS=12'),
  ]);
  expect(judgeRedis({ ...redis, isCluster: true, isReplica: true }).faults).toHaveLength(2);
});

test('[K8] who migrates must be able to make tables; who serves, to write those that are there', () => {
  const faults = (mayWrite: boolean, migrates: boolean) => judgePostgres({ ...postgres, mayCreate: false, mayWrite }, migrates).faults;
  expect([faults(true, true), faults(false, true), faults(true, false), faults(false, false)].map(({ length }) => length)).toEqual([
    1, 1, 0, 1,
  ]);
});

test('[K8] what only weakens it is a warning', () => {
  const weak = { partitions: 64, replicationFactor: 1, timestampType: 'CreateTime', minInsyncReplicas: 1 };
  expect(judgeKafka({ brokers: 3, topic: weak }, { partitions: 64 })).toMatchObject({ faults: [], warnings: { length: 2 } });
  expect(judgeKafka({ brokers: 3, topic: { ...topic, minInsyncReplicas: 1 } }, { partitions: 64 }).warnings).toHaveLength(1);
  expect(judgeRedis({ ...redis, evictionPolicy: 'allkeys-lru' })).toMatchObject({ faults: [], warnings: { length: 1 } });
  expect(judgePostgres({ ...postgres, version: '19.0' }, true)).toMatchObject({ faults: [], warnings: { length: 1 } });
});

test('[K8] whatever does not answer is named with its reason, and the others are looked at nevertheless', async () => {
  const findings = await checkDependencies({
    migrates: true,
    databaseUrl: 'postgres://127.0.0.1:1/none',
    kafka: { brokers: ['127.0.0.1:1'], security: {}, topic: 't', partitions: 64 },
    redisUrl: 'redis://127.0.0.1:1',
  });
  expect(findings.map(({ name, found }) => [name, found])).toEqual([
    ['Postgres', 'no answer'],
    ['Kafka', 'no answer'],
    ['Redis', 'no answer'],
  ]);
  for (const { faults } of findings) expect(faults).toEqual([expect.stringContaining('ECONNREFUSED')]);
});
