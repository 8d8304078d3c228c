import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ChartTools } from '@carillon/testkit';
import { inject } from 'vitest';
import { parse, parseAllDocuments, stringify } from 'yaml';
import { z } from 'zod';
import { chartFolder } from './generated-files.ts';

/** What tests read of a rendered object; the rest is there too. */
const objectSchema = z.looseObject({
  apiVersion: z.string(),
  kind: z.string(),
  metadata: z.looseObject({
    name: z.string(),
    labels: z.record(z.string(), z.string()).optional(),
    annotations: z.record(z.string(), z.string()).optional(),
  }),
  spec: z.looseObject({}).optional(),
  data: z.record(z.string(), z.string()).optional(),
});

export type KubernetesObject = z.infer<typeof objectSchema>;
export type Helm = keyof Pick<ChartTools, 'helm3' | 'helm4'>;

type RenderOptions = { readonly helm?: Helm; readonly kube?: string; readonly chart?: string };

export const oldestKube = '1.30';
export const newestKube = '1.37';

const caseFolder = join(chartFolder, 'ci');

/** The value sets that every test of the chart runs over, by their names. */
export const cases = readdirSync(caseFolder).map((file) => file.replace('-values.yaml', ''));

export function caseValues(name: string): Record<string, unknown> {
  return z.record(z.string(), z.unknown()).parse(parse(readFileSync(join(caseFolder, `${name}-values.yaml`), 'utf8')));
}

/** `helm template`'s own words, and whether it succeeded. */
export function helm(
  args: readonly string[],
  values: object,
  options: RenderOptions = {},
): { isOk: boolean; output: string; text: string } {
  const program = inject('chartTools')[options.helm ?? 'helm3'];
  const kube = options.kube ?? newestKube;
  const { status, stdout, stderr } = spawnSync(program, [...args, '--kube-version', kube, '--values', '-'], {
    input: stringify(values),
    encoding: 'utf8',
    maxBuffer: 1 << 26,
  });
  return { isOk: status === 0, output: stdout, text: `${stdout}${stderr}` };
}

/** The chart's YAML with these values. Throws with helm's message when it fails. */
export function renderText(values: object, options: RenderOptions = {}): string {
  const { isOk, output, text } = helm(['template', 'x', options.chart ?? chartFolder, '--namespace', 'chat'], values, options);
  if (!isOk) throw new Error(text);
  return output;
}

export function objectsOf(text: string): KubernetesObject[] {
  return parseAllDocuments(text)
    .map((document): unknown => document.toJS())
    .filter((object) => object !== null && object !== undefined)
    .map((object) => objectSchema.parse(object));
}

export function render(values: object, options: RenderOptions = {}): KubernetesObject[] {
  return objectsOf(renderText(values, options));
}
