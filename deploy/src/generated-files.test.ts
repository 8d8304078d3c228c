import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { chartFolder, chartSchema, generatedFiles } from './generated-files.ts';
import { secretVariables } from './process-variables.ts';
import { sloSchema } from './slo-schema.ts';

test('what is generated in the chart is what its sources say', () => {
  for (const [path, text] of generatedFiles()) expect(readFileSync(join(chartFolder, path), 'utf8'), path).toBe(text);
});

test('values.yaml has every value that the schema knows', () => {
  const values: unknown = parse(readFileSync(join(chartFolder, 'values.yaml'), 'utf8'));
  expect(Object.keys(values as object).toSorted()).toEqual(Object.keys(chartSchema().properties).toSorted());
});

test('every secret of a process is one of the chart', () => {
  const template = readFileSync(join(chartFolder, 'templates/_secrets.tpl'), 'utf8');
  for (const name of secretVariables) expect(template).toContain(`"${name}"`);
});

test('slo.json is what its schema says', () => {
  expect(() => sloSchema.parse(JSON.parse(readFileSync(join(chartFolder, 'files/slo.json'), 'utf8')))).not.toThrow();
});
