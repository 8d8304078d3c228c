import { z } from 'zod';
import { caseValues, type KubernetesObject, render } from './render.fixture.ts';

/** What tests ask of rendered objects. */

const containerSchema = z.looseObject({
  name: z.string(),
  image: z.string(),
  args: z.array(z.string()).optional(),
  env: z.array(z.looseObject({ name: z.string(), value: z.string().optional() })).optional(),
  securityContext: z.looseObject({}).optional(),
  resources: z.looseObject({ requests: z.record(z.string(), z.string()), limits: z.record(z.string(), z.string()) }).optional(),
  lifecycle: z.looseObject({ preStop: z.object({ sleep: z.object({ seconds: z.number() }) }) }).optional(),
  volumeMounts: z.array(z.looseObject({ name: z.string() })).optional(),
});
const podSchema = z.looseObject({
  containers: z.array(containerSchema).min(1),
  initContainers: z.array(containerSchema).default([]),
  volumes: z.array(z.looseObject({ name: z.string() })).default([]),
  automountServiceAccountToken: z.boolean(),
  terminationGracePeriodSeconds: z.number().optional(),
  securityContext: z.looseObject({ runAsNonRoot: z.literal(true) }),
});
const templateSchema = z.looseObject({ metadata: z.looseObject({ labels: z.record(z.string(), z.string()) }).optional(), spec: podSchema });
export const workloadSpec = z.looseObject({
  template: templateSchema,
  selector: z.looseObject({ matchLabels: z.record(z.string(), z.string()) }).optional(),
});

const probeSchema = z.object({ httpGet: z.object({ path: z.string(), port: z.literal('admin') }) });
export const pathsOf = (container: z.infer<typeof containerSchema>) =>
  ['startupProbe', 'livenessProbe', 'readinessProbe'].map((name) => probeSchema.parse(container[name]).httpGet.path);

const ours = (kind: string) => ['Deployment', 'StatefulSet', 'Job'].includes(kind);
export const podsOf = (objects: readonly KubernetesObject[]) =>
  objects.flatMap((object) => {
    if (ours(object.kind)) return [{ object, pod: workloadSpec.parse(object.spec).template.spec }];
    return object.kind === 'Pod' ? [{ object, pod: podSchema.parse(object.spec) }] : [];
  });
export const one = (objects: readonly KubernetesObject[], kind: string, name: string) => {
  const found = objects.find((object) => object.kind === kind && object.metadata.name === name);
  if (found === undefined) throw new Error(`there is no ${kind} ${name}`);
  return found;
};
export const envOf = (objects: readonly KubernetesObject[], kind: string, name: string) =>
  Object.fromEntries(podsOf([one(objects, kind, name)]).flatMap(({ pod }) => (pod.containers[0]?.env ?? []).map((v) => [v.name, v.value])));
export const minimal = caseValues('minimal');
export const withValues = (extra: object) => render(merge(minimal, extra));

export function includes(labels: Readonly<Record<string, string>>, wanted: Readonly<Record<string, string>>): boolean {
  return Object.entries(wanted).every(([name, value]) => labels[name] === value);
}

export function merge(base: unknown, extra: unknown): object {
  if (!isRecord(base) || !isRecord(extra)) return extra as object;
  return { ...base, ...Object.fromEntries(Object.entries(extra).map(([name, value]) => [name, merge(base[name], value)])) };
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
