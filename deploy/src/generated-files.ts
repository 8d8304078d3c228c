import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import { z } from 'zod';
import { dashboards } from './dashboards/catalogue.ts';
import { toGrafana } from './dashboards/dashboard.ts';
import { configSchema, variablesOfProcesses } from './process-variables.ts';
import { sloSchema } from './slo-schema.ts';
import { valuesSchema } from './values-schema.ts';
import { valuesTable } from './values-table.ts';

export const chartFolder = fileURLToPath(new URL('../helm/carillon', import.meta.url));

const [tableStart, tableEnd] = ['<!-- values -->', '<!-- end of values -->'];

/** What is generated in the chart, by its path there: from the processes' configuration, the schema of the values, and `values.yaml`. */
export function generatedFiles(): Map<string, string> {
  const schema = chartSchema();
  const readme = readFileSync(`${chartFolder}/README.md`, 'utf8');
  const table = valuesTable(schema, parse(readFileSync(`${chartFolder}/values.yaml`, 'utf8')));
  return new Map([
    ['values.schema.json', json(schema)],
    ['files/slo.schema.json', json(z.toJSONSchema(sloSchema, { io: 'input' }))],
    ['files/variables.json', json(variablesOfProcesses())],
    ['README.md', withTable(readme, table)],
    ...Object.entries(dashboards).map(([name, dashboard]): [string, string] => [`files/dashboards/${name}.json`, toGrafana(dashboard)]),
  ]);
}

/** JSON Schema of all values. */
export function chartSchema(): { properties: Record<string, object> } {
  const { properties, ...rest } = z.toJSONSchema(valuesSchema, { io: 'input' }) as { properties: Record<string, object> };
  const { global: shared, image, ...others } = properties;
  return {
    ...rest,
    properties: { ...pick(others, 0, 3), global: shared ?? {}, image: image ?? {}, config: configSchema(), ...pick(others, 3) },
  };
}

function pick(properties: Record<string, object>, from: number, to?: number): Record<string, object> {
  return Object.fromEntries(Object.entries(properties).slice(from, to));
}

function withTable(readme: string, table: string): string {
  const [head = '', tail] = readme.split(tableStart);
  const end = tail?.split(tableEnd)[1];
  if (end === undefined) throw new Error(`the chart's README.md lacks ${tableStart} … ${tableEnd}`);
  return `${head}${tableStart}\n${table}\n${tableEnd}${end}`;
}

function json(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}
