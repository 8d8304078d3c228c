import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ApiMetrics, RelayMetrics } from '@carillon/api';
import { CanaryMetrics } from '@carillon/canary';
import { Metrics, observeProcess } from '@carillon/runtime';
import { ShardMetrics } from '@carillon/shard';
import { expect, test } from 'vitest';
import { caseValues, render } from './render.fixture.ts';

/** Of others: Prometheus itself, kube-state-metrics, cert-manager. */
const foreign = ['up', 'ALERTS', 'kube_job_status_failed', 'certmanager_certificate_expiration_timestamp_seconds'];
const named = /\b(?:carillon|nodejs|process|kube|certmanager)_[a-z0-9_]+|\bcarillon:[a-z0-9_:]+/g;

const objects = render(caseValues('full'));
const rules = JSON.stringify(objects.find(({ kind }) => kind === 'PrometheusRule'));
const recorded = [...rules.matchAll(/"record":"([^"]+)"/g)].map(([, name = '']) => name);

function registered(): Map<string, string> {
  const metrics = new Metrics();
  metrics.collectProcess();
  new ApiMetrics(metrics);
  new RelayMetrics(metrics);
  new ShardMetrics(metrics);
  new CanaryMetrics(metrics);
  observeProcess(metrics, []);
  return new Map(metrics.catalogue().map(({ name, type }) => [name, type]));
}

function unknownIn(text: string): string[] {
  const known = registered();
  const parts = (name: string) => ['histogram', 'summary'].includes(known.get(name.replace(/_(bucket|count|sum)$/, '')) ?? '');
  const isKnown = (name: string) => known.has(name) || parts(name) || recorded.includes(name) || foreign.includes(name);
  return [...text.matchAll(named)].map(([name]) => name).filter((name) => !isKnown(name));
}

test('[K5] every metric that a rule, a dashboard or a runbook names is there', () => {
  const runbooks = fileURLToPath(new URL('../../docs/runbooks', import.meta.url));
  const texts = new Map([
    ['rules', rules],
    ['OPERATIONS.md', readFileSync(join(runbooks, '../OPERATIONS.md'), 'utf8')],
  ]);
  for (const file of readdirSync(runbooks)) texts.set(file, readFileSync(join(runbooks, file), 'utf8'));
  for (const { kind, metadata, data } of objects)
    if (kind === 'ConfigMap' && data !== undefined) texts.set(metadata.name, JSON.stringify(data));
  expect([...texts.keys()].filter((name) => name.includes('dashboard'))).toHaveLength(5);
  for (const [name, text] of texts) expect(unknownIn(text), name).toEqual([]);
});

test('dashboards are JSON, with the objectives filled in, and every alert links to one', () => {
  const files = objects.filter(({ metadata }) => metadata.name.includes('-dashboard-')).flatMap(({ data }) => Object.values(data ?? {}));
  const uids = files.map((file) => (JSON.parse(file) as { uid: string }).uid);
  expect(files.join('')).not.toMatch(/@[a-z]/);
  expect(files.join('')).toContain('"value": 0.25');
  for (const [, uid] of rules.matchAll(/"dashboard_url":"[^"]*\/([^"/]+)"/g)) expect(uids).toContain(uid);
});
