import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { stringify } from 'yaml';
import { z } from 'zod';
import { alertCases, healthy, nearMisses } from './alert-cases.fixture.ts';
import { caseValues, render } from './render.fixture.ts';

const alertSchema = z.object({
  alert: z.string(),
  expr: z.string(),
  labels: z.object({ severity: z.enum(['page', 'warning']) }),
  annotations: z.object({
    summary: z.string().min(10),
    description: z.string().min(20),
    runbook_url: z.url(),
    dashboard_url: z.url(),
  }),
});
const ruleSchema = z.union([alertSchema.loose(), z.looseObject({ record: z.string(), expr: z.string() })]);
const specSchema = z.object({ groups: z.array(z.object({ name: z.string(), rules: z.array(ruleSchema) })) });

const folder = mkdtempSync(join(tmpdir(), 'carillon-rules-'));
afterAll(() => rmSync(folder, { recursive: true }));
const runbooks = fileURLToPath(new URL('../../docs/runbooks', import.meta.url));

function rulesOf(values: object): z.infer<typeof specSchema> {
  return specSchema.parse(render(values).find(({ kind }) => kind === 'PrometheusRule')?.spec);
}

const full = caseValues('full');
let alerts: z.infer<typeof alertSchema>[] = [];

beforeAll(() => {
  const spec = rulesOf(full);
  writeFileSync(join(folder, 'rules.yaml'), stringify(spec));
  alerts = spec.groups.flatMap(({ rules }) => rules).flatMap((rule) => ('alert' in rule ? [alertSchema.loose().parse(rule)] : []));
});

function promtool(...args: string[]): { isOk: boolean; text: string } {
  const { status, stdout, stderr } = spawnSync(inject('chartTools').promtool, args, { cwd: folder, encoding: 'utf8' });
  return { isOk: status === 0, text: `${stdout}${stderr}` };
}

test('[K5] promtool takes the rules', () => {
  const { isOk, text } = promtool('check', 'rules', 'rules.yaml');
  expect(isOk, text).toBe(true);
});

test('[K5] every alert has a runbook with its four parts, and every runbook an alert', () => {
  const names = alerts.map(({ alert }) => alert);
  expect(readdirSync(runbooks).toSorted()).toEqual(names.map((name) => `${name}.md`).toSorted());
  for (const { alert, annotations } of alerts) {
    expect(annotations.runbook_url.endsWith(`/${alert}.md`)).toBe(true);
    const text = readFileSync(join(runbooks, `${alert}.md`), 'utf8');
    expect(text.match(/^## .*/gm)).toEqual(['## Meaning', '## Impact', '## Diagnosis', '## Mitigation']);
    expect(text.startsWith(`# ${alert}: `)).toBe(true);
  }
});

test('[K5] every alert has a case', () => {
  expect(Object.keys(alertCases).toSorted()).toEqual(alerts.map(({ alert }) => alert).toSorted());
});

test('[K5] every alert fires on its cause, alone but for what the same cause sets off, and nothing fires without one', {
  timeout: 300_000,
}, () => {
  const tests = [
    testOf('a cluster that is well', {}, []),
    ...Object.entries(nearMisses).map(([name, series]) => testOf(name, series, [])),
    ...Object.entries(alertCases).map(([alert, { series, also = [] }]) => testOf(alert, series, [alert, ...also])),
  ];
  writeFileSync(join(folder, 'tests.yaml'), stringify({ rule_files: ['rules.yaml'], evaluation_interval: '1m', tests }));
  const { isOk, text } = promtool('test', 'rules', 'tests.yaml');
  expect(isOk, text).toBe(true);
});

test('changed objectives and left-out alerts reach the rules', () => {
  const rules = JSON.stringify(
    rulesOf({
      ...full,
      metrics: {
        prometheusRule: { enabled: true, dashboardUrl: 'https://g.example/d', disabled: ['CarillonAbnormalCloses'] },
        slo: { delivery: { threshold_seconds: 0.5 } },
      },
    }),
  );
  expect(rules).toContain('le=~\\"0.5(');
  expect(rules).not.toContain('CarillonAbnormalCloses');
  expect(existsSync(join(runbooks, 'CarillonAbnormalCloses.md'))).toBe(true);
});

/** The healthy cluster with these series instead; at its end exactly these alerts fire. */
function testOf(name: string, changed: Readonly<Record<string, string>>, firing: readonly string[]): object {
  for (const series of Object.keys(changed)) if (!(series in healthy)) throw new Error(`${name}: ${series} is none of the healthy cluster`);
  const all = { ...healthy, ...changed };
  return {
    name,
    interval: '1m',
    input_series: Object.entries(all).map(([series, values]) => ({ series: series.replace('{', '{namespace="chat",'), values })),
    promql_expr_test: [
      {
        expr: 'max by (alertname) (ALERTS{alertstate="firing"})',
        eval_time: '90m',
        exp_samples: firing.map((alert) => ({ labels: `{alertname="${alert}"}`, value: 1 })),
      },
    ],
  };
}
