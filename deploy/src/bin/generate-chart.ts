import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { chartFolder, generatedFiles } from '../generated-files.ts';

/** `npm run chart`: writes what is generated in the chart. `npm run chart -- --check`: exit code 1 when something of it is stale. */
const isCheck = process.argv.includes('--check');
const stale = [...generatedFiles()].filter(([path, text]) => {
  const file = join(chartFolder, path);
  return !existsSync(file) || readFileSync(file, 'utf8') !== text;
});
for (const [path, text] of stale) {
  process.stdout.write(`deploy/helm/carillon/${path} ${isCheck ? 'is stale: run npm run chart' : 'written'}\n`);
  if (!isCheck) writeFileSync(join(chartFolder, path), text);
}
process.exitCode = isCheck && stale.length > 0 ? 1 : 0;
