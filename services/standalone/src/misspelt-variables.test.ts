import { apiProcessSchema } from '@carillon/api';
import { misspeltVariables } from '@carillon/runtime';
import { shardProcessSchema } from '@carillon/shard';
import { expect, test } from 'vitest';

test('[L8] what the API reads is no slip for a shard, nor the other way round: both may share one environment', () => {
  const [api, shard] = [apiProcessSchema(true), shardProcessSchema(true)];
  const setIn = (schema: { readonly shape: object }) => Object.fromEntries(Object.keys(schema.shape).map((name) => [name, 'x']));
  expect(misspeltVariables(api, setIn(shard))).toEqual([]);
  expect(misspeltVariables(shard, setIn(api))).toEqual([]);
});
