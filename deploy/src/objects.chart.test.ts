import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { z } from 'zod';
import { chartFolder } from './generated-files.ts';
import { envOf, includes, merge, minimal, one, pathsOf, podsOf, withValues, workloadSpec } from './objects.fixture.ts';
import { cases, caseValues, type KubernetesObject, render } from './render.fixture.ts';

describe.each(cases)('the objects of the case %s', (name) => {
  const objects = () => render(caseValues(name));

  test('[K1] every container is locked in and bounded, and what serves is probed', () => {
    for (const { object, pod } of podsOf(objects())) {
      expect(pod.automountServiceAccountToken).toBe(false);
      expect(pod['nodeSelector'], object.metadata.name).toMatchObject({ 'kubernetes.io/arch': 'amd64' });
      for (const container of [...pod.initContainers, ...pod.containers]) {
        const where = `${object.kind} ${object.metadata.name} ${container.name}`;
        expect(container.securityContext, where).toEqual({
          allowPrivilegeEscalation: false,
          readOnlyRootFilesystem: true,
          runAsNonRoot: true,
          runAsUser: 65532,
          runAsGroup: 65532,
          capabilities: { drop: ['ALL'] },
          seccompProfile: { type: 'RuntimeDefault' },
        });
        expect(container.resources?.requests['memory'], where).toBe(container.resources?.limits['memory']);
        expect(Object.keys(container.resources?.limits ?? {}), where).toEqual(['memory']);
        expect(container.image, where).not.toMatch(/:latest$|^[^:@]+$/);
      }
      if (['Job', 'Pod'].includes(object.kind)) continue;
      for (const container of pod.containers) expect(pathsOf(container), object.metadata.name).toEqual(['/startupz', '/livez', '/readyz']);
    }
  });

  test('[K2] the grace period covers what a pod does before it ends', () => {
    for (const { object, pod } of podsOf(objects())) {
      if (object.kind === 'Job' || object.kind === 'Pod') continue;
      const container = pod.containers[0];
      const seconds = (name_: string) => Number(container?.env?.find((v) => v.name === name_)?.value ?? 0);
      const preStop = container?.lifecycle?.preStop.sleep.seconds ?? 0;
      const work = seconds('SHARD_DRAIN_WAIT_SECONDS') + seconds('SHARD_DRAIN_SECONDS') + seconds('API_DRAIN_WAIT_SECONDS');
      const steps = object.metadata.labels?.['app.kubernetes.io/component'] === 'canary' ? 10 : 20;
      expect(pod.terminationGracePeriodSeconds, object.metadata.name).toBeGreaterThanOrEqual(preStop + work + steps + 5);
    }
  });

  test('every selector finds exactly the pods that it is for', () => {
    const all = objects();
    const templates = all
      .filter(({ kind }) => ['Deployment', 'StatefulSet'].includes(kind))
      .map((object) => workloadSpec.parse(object.spec));
    for (const { selector, template } of templates) expect(template.metadata?.labels).toMatchObject(selector?.matchLabels ?? { none: '' });
    for (const service of all.filter(({ kind }) => kind === 'Service')) {
      const { selector = {} } = z.object({ selector: z.record(z.string(), z.string()).optional() }).parse(service.spec);
      const { 'statefulset.kubernetes.io/pod-name': _, ...labels } = selector;
      const found = templates.filter(({ template }) => includes(template.metadata?.labels ?? {}, labels));
      expect(found, service.metadata.name).toHaveLength(1);
    }
    for (const budget of all.filter(({ kind }) => kind === 'PodDisruptionBudget')) {
      const { matchLabels } = z
        .object({ selector: z.object({ matchLabels: z.record(z.string(), z.string()) }) })
        .parse(budget.spec).selector;
      expect(templates.filter(({ template }) => includes(template.metadata?.labels ?? {}, matchLabels))).toHaveLength(1);
    }
  });

  test('every volume that is mounted is there, and every secret is a file', () => {
    for (const { object, pod } of podsOf(objects())) {
      for (const container of [...pod.initContainers, ...pod.containers]) {
        for (const mount of container.volumeMounts ?? []) expect(pod.volumes.map((volume) => volume.name)).toContain(mount.name);
        const inTheClear = (container.env ?? []).filter(
          (v) => /(SECRET|PASSWORD|TOKEN|KEY|_URL|ALTERNATE)$/.test(v.name) && !allowedInEnv.includes(v.name),
        );
        expect(inTheClear, object.metadata.name).toEqual([]);
      }
    }
  });

  test('names are unique, short enough and carry the release', () => {
    const all = objects();
    const ids = all.map((object) => `${object.kind} ${object.metadata.name}`);
    expect(new Set(ids).size).toBe(ids.length);
    for (const { metadata } of all) {
      expect(metadata.name.length).toBeLessThanOrEqual(63);
      expect(metadata.name).toMatch(/^x-/);
    }
  });
});

const allowedInEnv = ['SHARD_PUBLIC_URL', 'CANARY_API_URL', 'AUTH_JWKS_URL'];

test('[K2] grace follows the drain values', () => {
  const grace = (drain: object) => {
    const objects = withValues({ drain });
    const of = (kind: string, name: string) => podsOf([one(objects, kind, name)])[0]?.pod.terminationGracePeriodSeconds;
    return [of('Deployment', 'x-carillon-api'), of('StatefulSet', 'x-carillon-shard')];
  };
  expect(grace({})).toEqual([30, 130]);
  expect(grace({ endpointSeconds: 20, windowSeconds: 300 })).toEqual([45, 345]);
});

test('[K4] a new version of the chart and a changed configuration leave the pods of shards as they are, and immutable fields too', () => {
  const before = render(minimal);
  const chart = mkdtempSync(join(tmpdir(), 'carillon-chart-'));
  onTestFinished(() => rmSync(chart, { recursive: true }));
  cpSync(chartFolder, chart, { recursive: true });
  const manifest = readFileSync(join(chart, 'Chart.yaml'), 'utf8');
  writeFileSync(join(chart, 'Chart.yaml'), manifest.replace(/^version: .*/m, 'version: 99.0.0'));
  const after = render(merge(minimal, { auth: { ticketSecretAlternate: { existingSecret: 'next' } } }), { chart });
  const newer = render(minimal, { chart });
  const shard = (objects: readonly KubernetesObject[]) => one(objects, 'StatefulSet', 'x-carillon-shard').spec;
  expect(shard(newer)).toEqual(shard(before));
  for (const objects of [before, after, newer]) expect(immutableFieldsOf(objects)).toEqual(immutable);
});

/** As Kubernetes keeps them for ever. A chart that changes one cannot be upgraded to: whoever edits this list breaks every installation. */
const selectorOf = (component: string) => ({
  matchLabels: { 'app.kubernetes.io/name': 'carillon', 'app.kubernetes.io/instance': 'x', 'app.kubernetes.io/component': component },
});
const immutable = {
  'Deployment x-carillon-api': { selector: selectorOf('api') },
  'StatefulSet x-carillon-shard': {
    selector: selectorOf('shard'),
    serviceName: 'x-carillon-shard-headless',
    podManagementPolicy: 'Parallel',
  },
  'Service x-carillon-shard-headless': { clusterIP: 'None' },
  'Service x-carillon-api-admin': { clusterIP: 'None' },
};

function immutableFieldsOf(objects: readonly KubernetesObject[]): object {
  const fields = ['selector', 'serviceName', 'podManagementPolicy', 'volumeClaimTemplates'];
  const found = objects.flatMap(({ kind, metadata, spec }) => {
    const kept = ['Deployment', 'StatefulSet'].includes(kind) ? fields : kind === 'Service' && spec?.['clusterIP'] ? ['clusterIP'] : [];
    const values = kept.flatMap((field) => (spec?.[field] === undefined ? [] : [[field, spec[field]] as const]));
    return values.length === 0 ? [] : [[`${kind} ${metadata.name}`, Object.fromEntries(values)] as const];
  });
  return Object.fromEntries(found);
}

test('[K4] secrets roll the API; shards only where that is wanted', () => {
  const checksum = (objects: readonly KubernetesObject[], kind: string, name: string) => {
    const template = z.looseObject({
      template: z.looseObject({ metadata: z.looseObject({ annotations: z.record(z.string(), z.string()).optional() }) }),
    });
    return template.parse(one(objects, kind, name).spec).template.metadata.annotations?.['checksum/config'];
  };
  const changed = { config: { SEND_RATE: 7 } };
  expect(checksum(withValues(changed), 'Deployment', 'x-carillon-api')).not.toBe(checksum(withValues({}), 'Deployment', 'x-carillon-api'));
  expect(checksum(withValues({}), 'StatefulSet', 'x-carillon-shard')).toBeUndefined();
  expect(checksum(withValues({ shard: { rollOnConfigChange: true } }), 'StatefulSet', 'x-carillon-shard')).toMatch(/^[0-9a-f]{64}$/);
});

test('[K6] the migration reads no object of its release, and comes before all', () => {
  const inline = render(caseValues('inline'));
  const job = one(inline, 'Job', 'x-carillon-migrate');
  const twin = one(inline, 'Secret', 'x-carillon-migrate');
  const weight = (object: KubernetesObject) => Number(object.metadata.annotations?.['helm.sh/hook-weight']);
  for (const object of [job, twin]) {
    expect(object.metadata.annotations?.['helm.sh/hook']).toBe('pre-install,pre-upgrade');
    expect(object.metadata.annotations?.['helm.sh/hook-delete-policy']).toBe('before-hook-creation');
  }
  expect(weight(twin)).toBeLessThan(weight(job));
  expect(job.spec?.['ttlSecondsAfterFinished']).toBeGreaterThan(0);
  expect(job.spec?.['activeDeadlineSeconds']).toBeGreaterThan(0);
  const text = JSON.stringify(job);
  expect(text).toContain('"name":"x-carillon-migrate","items"');
  expect(text).not.toContain('serviceAccountName');
});

test('[K6] with sync waves the job is one of Argo CD, and with createTopic off it does not see Kafka', () => {
  const gateway = render(caseValues('gateway'));
  const job = one(gateway, 'Job', 'x-carillon-migrate');
  expect(job.metadata.annotations).toEqual({
    'argocd.argoproj.io/hook': 'Sync',
    'argocd.argoproj.io/sync-wave': '-1',
    'argocd.argoproj.io/hook-delete-policy': 'BeforeHookCreation',
  });
  expect(Object.keys(envOf(gateway, 'Job', 'x-carillon-migrate')).filter((name) => name.startsWith('KAFKA'))).toEqual([]);
});

test('each shard has an address of its own, up to maxShards', () => {
  const objects = withValues({ shard: { maxShards: 5 }, ingress: { enabled: true, host: 'chat.example.com' } });
  const services = objects.filter(({ kind, metadata }) => kind === 'Service' && /-shard-\d+$/.test(metadata.name));
  expect(services.map(({ metadata }) => metadata.name)).toEqual([0, 1, 2, 3, 4].map((index) => `x-carillon-shard-${index}`));
  const ingress = JSON.stringify(one(objects, 'Ingress', 'x-carillon').spec);
  for (const index of [0, 1, 2, 3, 4]) expect(ingress).toContain(`{"path":"/s/${index}","pathType":"Prefix"`);
  expect(envOf(objects, 'StatefulSet', 'x-carillon-shard')['SHARD_PUBLIC_URL']).toBe('wss://chat.example.com/s/$(SHARD_INDEX)');
});

test.each([
  ['perShard', { publicUrl: 'wss://a.example/x/{index}/y' }, 'wss://a.example/x/$(SHARD_INDEX)/y'],
  ['shared', { publicUrl: 'wss://a.example' }, 'wss://a.example'],
  ['internal', { publicUrl: '' }, 'ws://x-carillon-shard-$(SHARD_INDEX).x-carillon-shard-headless.chat.svc:8081'],
])('the public URL of a shard that is addressed %s', (addressing, shard, url) => {
  expect(envOf(withValues({ shard: { addressing, ...shard } }), 'StatefulSet', 'x-carillon-shard')['SHARD_PUBLIC_URL']).toBe(url);
});

test('a process gets the variables that it knows, lists and large numbers as text', () => {
  const objects = withValues({
    config: { ALLOWED_ORIGINS: ['https://a.example', 'https://b.example'], SHARD_SEND_QUEUE_BYTES: 10485760, SEND_RATE: 0 },
  });
  const [api, shard] = [envOf(objects, 'Deployment', 'x-carillon-api'), envOf(objects, 'StatefulSet', 'x-carillon-shard')];
  expect(api).toMatchObject({ ALLOWED_ORIGINS: 'https://a.example,https://b.example', SEND_RATE: '0', KAFKA_BROKERS: 'kafka:9092' });
  expect(shard).toMatchObject({ SHARD_SEND_QUEUE_BYTES: '10485760', SHARD_MAX_CONNECTIONS: '50000' });
  expect([Object.keys(api).includes('SHARD_SEND_QUEUE_BYTES'), Object.keys(shard).includes('SEND_RATE')]).toEqual([false, false]);
});

test('the heap is three quarters of the memory limit, the young generation grows with it', () => {
  const heap = (memory: string) => {
    const resources = { requests: { cpu: '1', memory }, limits: { memory } };
    return envOf(withValues({ shard: { resources } }), 'StatefulSet', 'x-carillon-shard')['NODE_OPTIONS'];
  };
  const options = (heapMiB: number, youngMiB: number) => `--max-old-space-size=${heapMiB} --max-semi-space-size=${youngMiB}`;
  expect(heap('512Mi')).toBe(options(384, 16));
  expect(['1Gi', '1536Mi', '1000000000'].map(heap)).toEqual([options(768, 32), options(1152, 48), options(715, 29)]);
  expect(['2Gi', '2.5G', '8Gi'].map(heap)).toEqual([options(1536, 64), options(1788, 64), options(6144, 64)]);
});

test('[K6] under sync waves everything that the job needs comes before it', () => {
  const inline = { ...caseValues('inline'), migrations: { mode: 'argoSyncWave' }, networkPolicy: { enabled: true } };
  const wave = (kind: string, name: string) =>
    Number(one(render(inline), kind, name).metadata.annotations?.['argocd.argoproj.io/sync-wave']);
  expect(wave('Job', 'x-carillon-migrate')).toBe(-1);
  expect([wave('Secret', 'x-carillon'), wave('NetworkPolicy', 'x-carillon-migrate')]).toEqual([-2, -2]);
});
