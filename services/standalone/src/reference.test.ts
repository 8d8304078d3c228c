import { ApiMetrics, apiProcessSchema, migrateSchema, RelayMetrics } from '@carillon/api';
import { Metrics } from '@carillon/runtime';
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
  ]);
  await expect(reference).toMatchFileSnapshot(file('config'));
});

test('docs/reference/errors.md is what the catalogues say', async () => {
  await expect(errorsReference()).toMatchFileSnapshot(file('errors'));
});

test('docs/reference/metrics.md is what the processes register', async () => {
  const [api, shard] = [new Metrics(), new Metrics()];
  new ApiMetrics(api);
  new RelayMetrics(api);
  new ShardMetrics(shard);
  const reference = metricsReference([
    { process: 'api', metrics: api },
    { process: 'shard', metrics: shard },
  ]);
  await expect(reference).toMatchFileSnapshot(file('metrics'));
});
