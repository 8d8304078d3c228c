import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { HTTPRoute } from '@kubernetes-models/gateway-api/gateway.networking.k8s.io/v1/HTTPRoute';
import { ScaledObject } from '@kubernetes-models/keda/keda.sh/v1alpha1/ScaledObject';
import { PrometheusRule } from '@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1/PrometheusRule';
import { ServiceMonitor } from '@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1/ServiceMonitor';
import { describe, expect, inject, onTestFinished, test } from 'vitest';
import { chartFolder } from './generated-files.ts';
import { cases, caseValues, type Helm, helm, newestKube, objectsOf, oldestKube, renderText } from './render.fixture.ts';

const helms: Helm[] = ['helm3', 'helm4'];
const kubes = [oldestKube, newestKube];
const models = { HTTPRoute, ScaledObject, PrometheusRule, ServiceMonitor };
const isModelled = (kind: string): kind is keyof typeof models => Object.hasOwn(models, kind);

describe.each(cases)('values of the case %s', (name) => {
  const values = caseValues(name);

  test.each(helms)('pass the strict lint of %s', (program) => {
    const { isOk, text } = helm(['lint', '--strict', chartFolder], values, { helm: program });
    expect(isOk, text).toBe(true);
  });

  test.each(kubes)('give the same objects with both helms, for Kubernetes %s', (kube) => {
    const [three, four] = helms.map((program) => objectsOf(renderText(values, { helm: program, kube })));
    expect(three).toEqual(four);
  });

  test.each(kubes)('give objects that Kubernetes %s takes, and its operators', (kube) => {
    const text = renderText(values, { kube });
    expect(faultsOf(text, kube)).toEqual([]);
    for (const object of objectsOf(text)) {
      if (isModelled(object.kind))
        expect(() => new models[object.kind as 'HTTPRoute'](object as never).validate(), object.metadata.name).not.toThrow();
    }
  });
});

/** The models take unknown fields, as Kubernetes does not: these are the ones that the chart uses. */
const knownFields: Readonly<Record<string, readonly string[]>> = {
  HTTPRoute: ['parentRefs', 'hostnames', 'rules'],
  ScaledObject: ['scaleTargetRef', 'minReplicaCount', 'maxReplicaCount', 'cooldownPeriod', 'triggers'],
  PrometheusRule: ['groups'],
  ServiceMonitor: ['jobLabel', 'selector', 'endpoints'],
};

test('custom resources have no field that their operators do not know', () => {
  const objects = cases.flatMap((name) => objectsOf(renderText(caseValues(name))));
  const custom = objects.filter(({ kind }) => isModelled(kind));
  expect(new Set(custom.map(({ kind }) => kind))).toEqual(new Set(Object.keys(knownFields)));
  for (const { kind, spec } of custom) expect(knownFields[kind]).toEqual(expect.arrayContaining(Object.keys(spec ?? {})));
});

/** What `kubernetes-validate --strict` finds, unknown fields too; it has no schemas of custom resources. */
function faultsOf(text: string, kube: string): string[] {
  const folder = mkdtempSync(join(tmpdir(), 'carillon-chart-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  writeFileSync(join(folder, 'all.yaml'), text);
  const env = { ...process.env, PYTHONPATH: inject('chartTools').kubernetesValidate };
  const args = ['-m', 'kubernetes_validate', '--strict', '-k', kube, join(folder, 'all.yaml')];
  const { stdout, stderr } = spawnSync('python3', args, { env, encoding: 'utf8' });
  const lines = `${stdout}${stderr}`.split('\n').filter((line) => line.trim() !== '');
  expect(lines.filter((line) => line.includes('passed for resource')).length).toBeGreaterThan(5);
  const custom = Object.keys(models);
  return lines.filter((line) => !line.includes('passed for resource') && !custom.some((kind) => line.includes(`schema for kind ${kind} `)));
}
