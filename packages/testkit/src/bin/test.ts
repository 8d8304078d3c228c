import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { exitOnStartError } from '@carillon/runtime';
import { z } from 'zod';
import { startPostgres15 } from '../postgres.ts';
import { killAtExit, removeAtExit } from '../process-cleanup.ts';
import { startServices } from '../services.ts';

/**
 * `npm test`: one set of servers for the whole run, then vitest. Arguments go to vitest, a bare project name (`unit`, `pg`, …)
 * is short for `--project`. The project `faults` runs only when it is named, as `npm run test:faults` does. The last line counts
 * the tests.
 */

const root = fileURLToPath(new URL('../../../../', import.meta.url));
const projects = ['unit', 'pg', 'pg15', 'kafka', 'redis', 'chart', 'e2e', 'browser', 'faults'];
const resultSchema = z.object({
  numPassedTests: z.number(),
  numFailedTests: z.number(),
  numFailedTestSuites: z.number(),
  success: z.boolean(),
});
const announce = (text: string) => void process.stderr.write(`test: ${text}\n`);

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  exitOnStartError(error);
}

async function main(args: readonly string[]): Promise<number> {
  await using services = await startServices({ announce, isDurable: false });
  announce('starting Postgres 15 …');
  const postgres15 = await startPostgres15({ announce });
  try {
    const { databaseUrl, kafkaBrokers, redisUrl } = services.urls;
    const urls = { DATABASE_URL: databaseUrl, KAFKA_BROKERS: kafkaBrokers, REDIS_URL: redisUrl, POSTGRES_15_URL: postgres15.url };
    return await runVitest(withProjects(args), urls);
  } finally {
    await postgres15.stop();
  }
}

/** Fault tests take minutes: without their name they are left out. Beside a named project that would mean all others, too. */
function withProjects(args: readonly string[]): string[] {
  const isNamed = args.some(
    (argument) => projects.includes(argument) || argument.startsWith('--project') || argument.includes('.fault.test.ts'),
  );
  return [...args.flatMap(asVitestArgument), ...(isNamed ? [] : ['--project', '!faults'])];
}

function asVitestArgument(argument: string): string[] {
  return projects.includes(argument) ? ['--project', argument] : [argument];
}

async function runVitest(args: readonly string[], urls: Readonly<Record<string, string>>): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), 'carillon-test-'));
  removeAtExit(folder);
  const file = join(folder, 'result.json');
  const vitest = [
    join(root, 'node_modules/vitest/vitest.mjs'),
    'run',
    '--reporter=default',
    '--reporter=json',
    `--outputFile.json=${file}`,
    ...args,
  ];
  const child = spawn(process.execPath, vitest, { cwd: root, stdio: ['ignore', 'inherit', 'inherit'], env: { ...process.env, ...urls } });
  killAtExit(child.pid ?? 0);
  const code = await new Promise<number>((resolve) => child.once('exit', (status) => resolve(status ?? 1)));
  const result = resultSchema.safeParse(JSON.parse(readFileSync(file, 'utf8')));
  const passed = result.data?.numPassedTests ?? 0;
  // A file that cannot be loaded fails without a failed test in it; an error outside all tests fails the run.
  const failed = Math.max(result.data?.numFailedTests ?? 1, code === 0 ? 0 : 1);
  process.stdout.write(`${passed} passed, ${failed} failed\n`);
  return code;
}
