import { expect, test } from 'vitest';
import { z } from 'zod';
import { envOf, includes, one, podsOf } from './objects.fixture.ts';
import { caseValues, render } from './render.fixture.ts';

test('autoscaling: shards by their connections, up at once and down by one in ten minutes; the API by CPU, or by the age of the outbox too', () => {
  const full = render(caseValues('full'));
  expect(one(full, 'HorizontalPodAutoscaler', 'x-carillon-shard').spec).toMatchObject({
    metrics: [{ type: 'Pods', pods: { metric: { name: 'carillon_ws_connections' }, target: { averageValue: '30000' } } }],
    behavior: {
      scaleUp: { stabilizationWindowSeconds: 0 },
      scaleDown: { stabilizationWindowSeconds: 1800, policies: [{ type: 'Pods', value: 1, periodSeconds: 600 }] },
    },
  });
  expect(one(full, 'HorizontalPodAutoscaler', 'x-carillon-api').spec).toMatchObject({ metrics: [{ resource: { name: 'cpu' } }] });
  for (const [kind, name] of [
    ['Deployment', 'x-carillon-api'],
    ['StatefulSet', 'x-carillon-shard'],
  ] as const)
    expect(one(full, kind, name).spec, 'an autoscaler and the chart would fight over the number').not.toHaveProperty('replicas');
  const { spec } = one(render(caseValues('gateway')), 'ScaledObject', 'x-carillon-api');
  expect(JSON.stringify(spec)).toContain('max(carillon_outbox_oldest_seconds{namespace=\\"chat\\"})');
});

test('the Gateway API: a route per shard to its own Service, the API for the rest', () => {
  const routes = render(caseValues('init-container')).filter(({ kind }) => kind === 'HTTPRoute');
  expect(routes).toHaveLength(17);
  const rule = (path: string, name: string, port: number) => [
    { matches: [{ path: { type: 'PathPrefix', value: path } }], backendRefs: [{ name, port }] },
  ];
  const rules = new Map(routes.map(({ metadata, spec }) => [metadata.name, spec?.['rules']]));
  expect(rules.get('x-carillon-api')).toEqual(rule('/', 'x-carillon-api', 80));
  expect(rules.get('x-carillon-shard-7')).toEqual(rule('/s/7', 'x-carillon-shard-7', 8081));
});

test('Prometheus finds every process: the monitor selects the Services of the admin ports, and no other', () => {
  const full = render(caseValues('full'));
  const { matchLabels } = z
    .object({ selector: z.object({ matchLabels: z.record(z.string(), z.string()) }) })
    .parse(one(full, 'ServiceMonitor', 'x-carillon').spec).selector;
  const scraped = full.filter(({ kind, metadata }) => kind === 'Service' && includes(metadata.labels ?? {}, matchLabels));
  expect(scraped.map(({ metadata }) => metadata.name).toSorted()).toEqual([
    'x-carillon-api-admin',
    'x-carillon-canary',
    'x-carillon-shard-headless',
  ]);
  for (const { spec } of scraped) expect(JSON.stringify(spec?.['ports'])).toContain('"name":"admin"');
});

test('network policies: only the named peers come in, only dependencies are gone out to', () => {
  const policies = render(caseValues('full')).filter(({ kind }) => kind === 'NetworkPolicy');
  expect(policies.map(({ metadata }) => metadata.name.replace('x-carillon-', '')).toSorted()).toEqual([
    'api',
    'canary',
    'migrate',
    'shard',
    'test',
  ]);
  for (const { spec } of policies) expect(spec?.['policyTypes']).toEqual(['Ingress', 'Egress']);
  const of = (name: string) => JSON.stringify(policies.find(({ metadata }) => metadata.name === `x-carillon-${name}`)?.spec);
  const portsOut = (name: string) => [...(of(name).split('"egress"')[1] ?? '').matchAll(/"port":(\d+)/g)].map(([, port]) => Number(port));
  expect(portsOut('shard')).toEqual([53, 53, 9092, 9093, 6379]);
  expect(portsOut('api')).toEqual([53, 53, 5432, 9092, 9093, 6379, 9090]);
  expect(portsOut('migrate')).toEqual([53, 53, 5432, 9092, 9093, 6379]);
  expect(of('migrate')).toContain('"ingress":[]');
  for (const name of ['api', 'shard']) expect(of(name)).toMatch(/ingress-nginx.*monitoring/);
});

test('operators: the CLI in an API container knows all admin ports, and may reach them', () => {
  const full = render(caseValues('full'));
  const urls = envOf(full, 'Deployment', 'x-carillon-api')['CARILLON_ADMIN_URLS']?.split(',') ?? [];
  expect(urls).toEqual(['http://x-carillon-api-admin:9090', 'http://x-carillon-shard-headless:9090']);
  for (const url of urls) one(full, 'Service', new URL(url).hostname);
});

test('each secret is a file of every process that needs it, from the Secret and key that the values name', () => {
  const full = render(caseValues('full'));
  const sources = (kind: string, name: string) => JSON.stringify(podsOf([one(full, kind, name)])[0]?.pod.volumes);
  const files = (kind: string, name: string) =>
    Object.entries(envOf(full, kind, name)).flatMap(([variable, path]) => (variable.endsWith('_FILE') ? [[variable, path]] : []));
  const kafka = ['KAFKA_PASSWORD', 'KAFKA_CLIENT_CERT', 'KAFKA_CLIENT_KEY'];
  const keys = ['TICKET_SECRET', 'TICKET_SECRET_ALTERNATE', 'AUTH_JWT_SECRET', 'AUTH_JWT_SECRET_ALTERNATE'];
  const expected: [string, string, string[]][] = [
    ['Deployment', 'x-carillon-api', ['DATABASE_URL', 'RELAY_DATABASE_URL', 'REDIS_URL', ...kafka, ...keys]],
    ['StatefulSet', 'x-carillon-shard', ['REDIS_URL', ...kafka, ...keys]],
    ['Job', 'x-carillon-migrate', ['DATABASE_URL', 'REDIS_URL', ...kafka]],
  ];
  for (const [kind, name, variables] of expected) {
    expect(files(kind, name)).toEqual(variables.map((variable) => [`${variable}_FILE`, `/run/secrets/carillon/${variable}`]));
    for (const variable of variables) expect(sources(kind, name)).toContain(`"path":"${variable}"`);
  }
  expect(sources('Deployment', 'x-carillon-api')).toContain(
    '{"name":"carillon-auth-next","items":[{"key":"ticket-secret","path":"TICKET_SECRET_ALTERNATE"}]}',
  );
  expect(sources('Job', 'x-carillon-migrate')).toContain(
    '{"name":"carillon-postgres","items":[{"key":"migrate-url","path":"DATABASE_URL"}]}',
  );
});
