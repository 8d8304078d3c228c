import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { exitOnStartError, StartError } from '@carillon/runtime';
import { compareRuns, type Difference } from '../load/compare.ts';
import { type LoadResult, resultSchema } from '../load/result.ts';

const usage = `npm run load:compare -- BEFORE AFTER [--all] [--json]: two runs of one scenario, by their result.json or folder

  --all     also what stayed the same
  --json    the differences as JSON
  --help

A difference counts beyond 2 ms, beyond 1 % and beyond two standard errors of the runs' own curves.
Exit code: 0 no regression, 1 a regression, 3 a run was INVALID (its timings are shown, not judged).
`;
const invalid = 3;

try {
  const { values, positionals } = readArgs();
  if (values.help === true) process.stdout.write(usage);
  else {
    const [before, after] = positionals.map(read);
    if (before === undefined || after === undefined || positionals.length > 2) throw new StartError(`name two runs\n\n${usage}`);
    process.exitCode = compare(before, after, values);
  }
} catch (error) {
  exitOnStartError(error);
}

function readArgs() {
  const flag = { type: 'boolean' } as const;
  try {
    return parseArgs({ args: process.argv.slice(2), options: { all: flag, json: flag, help: flag }, allowPositionals: true, strict: true });
  } catch (error) {
    throw new StartError(`${error instanceof Error ? error.message : String(error)}\n\n${usage}`, { cause: error });
  }
}

function read(path: string): LoadResult {
  try {
    const file = statSync(path).isDirectory() ? join(path, 'result.json') : path;
    return resultSchema.parse(JSON.parse(readFileSync(file, 'utf8')));
  } catch (cause) {
    throw new StartError(`${path} holds no result of a load run`, { cause });
  }
}

function compare(before: LoadResult, after: LoadResult, flags: { all?: boolean | undefined; json?: boolean | undefined }): number {
  const kinds = [before, after].map(({ scenario, profile, settings }) => JSON.stringify({ scenario, profile, settings }));
  if (kinds[0] !== kinds[1]) throw new StartError('the runs are of different scenarios, profiles or settings: nothing to compare');
  const differences = compareRuns(before, after);
  const shown = differences.filter(({ verdict }) => flags.all === true || verdict !== 'same');
  const doubtful = [before, after].filter(({ verdict }) => verdict === 'invalid').map(({ at }) => at);
  if (flags.json === true) process.stdout.write(`${JSON.stringify({ differences: shown, invalid: doubtful })}\n`);
  else process.stdout.write(`${before.scenario}, profile ${before.profile}: ${before.at} → ${after.at}\n\n${table(shown)}`);
  if (differences.some(({ verdict, isCount }) => verdict === 'worse' && isCount)) return 1;
  if (doubtful.length > 0) {
    process.stderr.write(`INVALID, so its timings are not judged: ${doubtful.join(', ')}\n`);
    return invalid;
  }
  return differences.some(({ verdict }) => verdict === 'worse') ? 1 : 0;
}

function table(differences: readonly Difference[]): string {
  if (differences.length === 0) return 'no difference beyond the noise\n';
  const figure = (value: number) => (Math.abs(value) < 10 ? value.toFixed(2) : value.toFixed(0)).padStart(9);
  const lines = differences.map(({ name, before, after, noise, verdict }) => {
    const percent = before === 0 ? '' : `${after >= before ? '+' : ''}${Math.round((100 * (after - before)) / before)} %`;
    return `${name.padEnd(44)} ${figure(before)} → ${figure(after)}  ${percent.padStart(8)}  noise ±${figure(noise).trim()}  ${verdict}`;
  });
  return `${lines.join('\n')}\n`;
}
