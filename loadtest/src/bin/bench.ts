import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { exitOnStartError, StartError, version } from '@carillon/runtime';
import type { Bench, BenchContext, BenchResult } from '../bench.ts';
import { benches } from '../catalogue.ts';
import { median, verdictOf } from '../measure/row.ts';
import { describeMachine } from '../report/machine.ts';
import { formatTable } from '../report/table.ts';

const usage = `npm run bench [-- NAME…] [flags]: measures, prints a table, writes JSON. Without a name: all of them.

benches
${benches.map(({ name, description }) => `  ${name.padEnd(16)} ${description}`).join('\n')}

flags
  --json FILE      where the result goes         (loadtest/results/<names>.json)
  --rate N         e2e: messages per second      (500)
  --recipients N   e2e: members of each chat     (2, then 20)
  --chats N        e2e: chats                    (50)
  --seconds N      e2e: measured, after 10 s warm-up (20)
`;

const loadFlags = ['rate', 'recipients', 'chats', 'seconds'] as const;
const resultsFolder = fileURLToPath(new URL('../../results/', import.meta.url));

try {
  const { values, positionals } = readArguments();
  if (values.help === true) process.stdout.write(usage);
  else await runAll(chosen(positionals), contextOf(values), values.json ?? `${resultsFolder}${positionals.join('-') || 'all'}.json`);
} catch (error) {
  exitOnStartError(error);
}

function readArguments() {
  const text = { type: 'string' } as const;
  const options = { rate: text, recipients: text, chats: text, seconds: text, json: text, help: { type: 'boolean' } } as const;
  try {
    return parseArgs({ args: process.argv.slice(2), options, allowPositionals: true, strict: true });
  } catch (error) {
    throw new StartError(`${error instanceof Error ? error.message : String(error)}\n\n${usage}`, { cause: error });
  }
}

function chosen(names: readonly string[]): readonly Bench[] {
  const unknown = names.filter((name) => !benches.some((bench) => bench.name === name));
  if (unknown.length > 0) throw new StartError(`no bench is called ${unknown.join(', ')}\n\n${usage}`);
  return names.length === 0 ? benches : benches.filter(({ name }) => names.includes(name));
}

function contextOf(values: ReturnType<typeof readArguments>['values']): BenchContext {
  const given = loadFlags.flatMap((flag) => (values[flag] === undefined ? [] : [[flag, positive(flag, values[flag])] as const]));
  return { announce, e2e: Object.fromEntries(given) };
}

function positive(flag: string, text: string): number {
  const number = Number(text);
  if (!Number.isSafeInteger(number) || number < 1) throw new StartError(`--${flag} must be a whole number from 1`);
  return number;
}

function announce(text: string): void {
  process.stderr.write(`bench: ${text}\n`);
}

/** A bench that cannot run does not take the others' results with it, but the exit code tells. */
async function runAll(run: readonly Bench[], context: BenchContext, file: string): Promise<void> {
  const results: Record<string, BenchResult> = {};
  for (const bench of run) {
    announce(`── ${bench.name}: ${bench.description}`);
    try {
      results[bench.name] = await bench.run(context);
    } catch (error) {
      if (error instanceof StartError) throw error;
      process.exitCode = 1;
      announce(`${bench.name} failed: ${error instanceof Error ? error.stack : String(error)}`);
    }
  }
  report(results, file);
}

function report(results: Readonly<Record<string, BenchResult>>, file: string): void {
  const machine = describeMachine();
  const judged = Object.entries(results).map(([bench, { rows, details }]) => ({
    bench,
    rows: rows.map((row) => ({ ...row, median: median(row.samples), verdict: verdictOf(row) })),
    details,
  }));
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, `${JSON.stringify({ at: new Date().toISOString(), version, machine, benches: judged }, null, 2)}\n`);
  const rows = Object.values(results).flatMap((result) => result.rows);
  const { cores, cpu, memoryGiB, kernel, node } = machine;
  process.stdout.write(
    `\n${formatTable(rows)}\n\n${cores} × ${cpu}, ${memoryGiB} GiB, Linux ${kernel}, Node ${node}\nwritten to ${file}\n`,
  );
}
