import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { processesWith, Terminal } from '@carillon/testkit';
import { afterAll, expect, test } from 'vitest';
import { resultSchema } from './result.ts';

const folder = mkdtempSync(join(tmpdir(), 'carillon-load-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test('[T1] npm run load -- smoke: a cluster of its own, every event delivered, a report, nothing left running', async () => {
  await using terminal = new Terminal(`npm run load -- smoke --profile ci --out ${folder}`, { CARILLON_TEST_MARK: folder });
  expect(await terminal.exit(), terminal.output).toBe(0);

  const result = resultSchema.parse(JSON.parse(readFileSync(join(folder, 'result.json'), 'utf8')));
  const { deliveries, expected } = result.counts;
  expect({ verdict: result.verdict, deliveries }).toEqual({ verdict: 'passed', deliveries: expected });
  expect(expected).toBeGreaterThan(100);
  expect(Object.keys(result.latencyMs.byAudience)).toEqual(['1', '10']);
  expect(Object.keys(result.stages)).toEqual(['commit_to_relay', 'relay_to_log', 'log_to_shard', 'shard_to_socket', 'total']);
  const roles = result.processes.map(({ role }) => role).sort();
  expect(roles).toEqual(['api-0', 'k6', 'kafka', 'postgres', 'redis', 'shard-0', 'shard-1']);
  expect(terminal.output).toContain('# smoke, profile ci: passed');
  const html = readFileSync(join(folder, 'report.html'), 'utf8');
  expect(html.match(/(src|href)="http/)).toBeNull();
  expect(processesWith(`CARILLON_TEST_MARK=${folder}`)).toEqual([]);
}, 180_000);
