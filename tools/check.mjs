// `npm run check`: everything that reads the code without running it. Each check is a program of its own; all run, then the
// last line counts them.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));

const checks = {
  'types (tsc)': ['tsc', '-b'],
  'format and lint (biome)': ['biome', 'ci', '--diagnostic-level=error', '.'],
  'promises and switches (typescript-eslint)': ['eslint', '.', '--max-warnings=0'],
  'dependency rules (dependency-cruiser)': [
    'depcruise',
    '--config',
    '.dependency-cruiser.cjs',
    'packages',
    'services',
    'loadtest',
    'deploy',
  ],
  'unused code (knip)': ['knip', '--no-progress'],
  'rules and their tests (docs/SPEC.md)': ['tsx', 'tools/check-spec.ts'],
  'generated files of the chart': ['tsx', '--conditions=carillon-source', 'deploy/src/bin/generate-chart.ts', '--check'],
  'size and package of the client (size-limit, publint, attw)': ['tsx', 'tools/check-client.ts'],
  'OpenAPI document (redocly)': ['redocly', 'lint', '--config', 'docs/redocly.yaml', 'docs/reference/openapi.json'],
};

let failed = 0;
for (const [name, [program, ...args]] of Object.entries(checks)) {
  const result = spawnSync(`${root}/node_modules/.bin/${program}`, args, {
    cwd: root,
    encoding: 'utf8',
    env: { ...process.env, REDOCLY_TELEMETRY: 'off', REDOCLY_SUPPRESS_UPDATE_NOTICE: 'true' },
  });
  const passed = result.status === 0;
  process.stdout.write(`${passed ? '✔' : '✘'} ${name}\n`);
  if (passed) continue;
  failed += 1;
  process.stdout.write(`${result.stdout ?? ''}${result.stderr ?? ''}${result.error?.message ?? ''}\n`);
}
process.stdout.write(`${Object.keys(checks).length - failed} passed, ${failed} failed\n`);
process.exit(failed === 0 ? 0 : 1);
