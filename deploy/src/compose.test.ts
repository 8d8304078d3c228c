import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { apiProcessSchema, migrateSchema } from '@carillon/api';
import { canarySchema } from '@carillon/canary';
import { parseConfig } from '@carillon/runtime';
import { shardProcessSchema } from '@carillon/shard';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';

const serviceSchema = z.looseObject({
  image: z.string(),
  command: z.array(z.string()).optional(),
  environment: z.record(z.string(), z.union([z.string(), z.number()])).optional(),
  read_only: z.boolean().optional(),
  user: z.string().optional(),
});
const file = fileURLToPath(new URL('../compose.yaml', import.meta.url));
const { services } = z
  .looseObject({ services: z.record(z.string(), serviceSchema) })
  .parse(parse(readFileSync(file, 'utf8'), { merge: true }));
const schemas: Readonly<Record<string, z.ZodType>> = {
  api: apiProcessSchema(true),
  shard: shardProcessSchema(true),
  migrate: migrateSchema(),
  canary: canarySchema(),
};

test('every process of compose.yaml has a configuration that it takes in production mode', () => {
  const ours = Object.values(services).filter(({ image }) => image.startsWith('carillon:'));
  expect(ours.map(({ command }) => command?.[0]).toSorted()).toEqual(['api', 'canary', 'migrate', 'shard', 'shard']);
  for (const { command = [], environment = {} } of ours) {
    const env = Object.fromEntries(Object.entries(environment).map(([name, value]) => [name, String(value)]));
    expect(() => parseConfig(schemas[command[0] ?? ''] ?? z.never(), env), command.join(' ')).not.toThrow();
  }
});

test('[K9] images are pinned, and ours run locked in', () => {
  for (const [name, { image, read_only, user }] of Object.entries(services)) {
    expect(image, name).toMatch(/:[\w.]+$/);
    expect(image, name).not.toContain('latest');
    if (image.startsWith('carillon:')) expect([read_only, user], name).toEqual([true, '65532:65532']);
  }
});
