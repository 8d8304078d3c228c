import { ApiMetrics, apiProcessSchema, migrateSchema, preflightSchema, RelayMetrics } from '@carillon/api';
import { CanaryMetrics, canarySchema } from '@carillon/canary';
import { Metrics, observeProcess } from '@carillon/runtime';
import { ShardMetrics, shardProcessSchema } from '@carillon/shard';
import { expect, test } from 'vitest';
import { configReference } from './reference/config-reference.ts';
import { errorsReference } from './reference/errors-reference.ts';
import { metricsReference } from './reference/metrics-reference.ts';

const file = (name: string) => `../../../docs/reference/${name}.md`;

test('docs/reference/config.md is what the schemas say', async () => {
  const reference = configReference([
    { process: 'api', production: apiProcessSchema(true), development: apiProcessSchema(false) },
    { process: 'shard', production: shardProcessSchema(true), development: shardProcessSchema(false) },
    { process: 'migrate', production: migrateSchema(), development: migrateSchema() },
    { process: 'preflight', production: preflightSchema(), development: preflightSchema() },
    { process: 'canary', production: canarySchema(), development: canarySchema() },
  ]);
  await expect(reference).toMatchFileSnapshot(file('config'));
});

test('docs/reference/errors.md is what the catalogues say', async () => {
  await expect(errorsReference()).toMatchFileSnapshot(file('errors'));
});

test('docs/reference/metrics.md is what the processes register', async () => {
  const [api, shard, canary] = [new Metrics(), new Metrics(), new Metrics()];
  new ApiMetrics(api);
  new RelayMetrics(api);
  new ShardMetrics(shard);
  new CanaryMetrics(canary);
  for (const metrics of [api, shard, canary]) observeProcess(metrics, []);
  const reference = metricsReference([
    { process: 'api', metrics: api },
    { process: 'shard', metrics: shard },
    { process: 'canary', metrics: canary },
  ]);
  await expect(reference).toMatchFileSnapshot(file('metrics'));
});
