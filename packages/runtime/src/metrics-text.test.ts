import { expect, test } from 'vitest';
import { Metrics } from './metrics.ts';
import { parseMetricsText } from './metrics-text.ts';

test('what a process tells at /metrics is read back: names, labels, values; comments are passed over', async () => {
  const metrics = new Metrics();
  metrics.gauge({ name: 'carillon_a', help: 'A gauge.', labelNames: ['shard', 'code'] }).set({ shard: 'shard-0', code: '1000' }, 2.5);
  metrics.counter({ name: 'carillon_b_total', help: 'A counter.' }).inc(3);
  expect(parseMetricsText(await metrics.text())).toEqual([
    { name: 'carillon_a', labels: { shard: 'shard-0', code: '1000' }, value: 2.5 },
    { name: 'carillon_b_total', labels: {}, value: 3 },
  ]);
});
