import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { exitOnStartError } from '@carillon/runtime';
import { type LoadOptions, loadUsage, parseLoadArgs } from '../load/load-options.ts';
import { htmlReport } from '../load/report/html-report.ts';
import { markdownReport } from '../load/report/markdown-report.ts';
import type { LoadResult } from '../load/result.ts';
import { runLoad } from '../load/run-load.ts';

const exitCodes = { passed: 0, failed: 1, invalid: 3 } as const;
const announce = (text: string) => void process.stderr.write(`${process.stderr.isTTY ? '\r\x1b[K' : ''}load: ${text}\n`);

try {
  const options = parseLoadArgs(process.argv.slice(2));
  if (options === 'help') process.stdout.write(loadUsage);
  else {
    const result = await runLoad(options, announce);
    const folder = write(result, options);
    process.stdout.write(options.json ? `${JSON.stringify(result)}\n` : `\n${markdownReport(result)}\n`);
    announce(`${result.verdict === 'invalid' ? 'INVALID' : result.verdict}; report in ${folder}`);
    process.exitCode = exitCodes[result.verdict];
  }
} catch (error) {
  exitOnStartError(error);
}

function write(result: LoadResult, options: LoadOptions): string {
  const name = `${result.scenario}-${result.profile}-${result.at.slice(0, 19).replace(/[:T]/g, '-')}`;
  const folder = options.out ?? fileURLToPath(new URL(`../../results/${name}`, import.meta.url));
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'result.json'), `${JSON.stringify(result)}\n`);
  writeFileSync(join(folder, 'report.md'), markdownReport(result));
  writeFileSync(join(folder, 'report.html'), htmlReport(result));
  return folder;
}
