// Every npm script starts here, on a bare clone too: check Node, install what is missing, build what is stale, then run the
// command in this same process, so that a signal to npm reaches the program itself. No dependencies, no modern syntax before
// the version check.
import { checkNode, ensureBuilt, ensureInstalled, ensurePageBuilt } from './bootstrap.mjs';

const commands = {
  start: '../services/standalone/dist/bin/standalone.js',
  listen: '../services/standalone/dist/bin/listen.js',
  cluster: '../packages/testkit/dist/bin/cluster.js',
  carillon: '../services/cli/dist/bin/carillon.js',
  bench: '../loadtest/dist/bin/bench.js',
  screenshots: '../packages/testkit/dist/bin/screenshots.js',
  'bench-browser': '../loadtest/dist/bin/bench-browser.js',
  load: '../loadtest/dist/bin/load.js',
  'load:compare': '../loadtest/dist/bin/load-compare.js',
  test: '../packages/testkit/dist/bin/test.js',
  'image:verify': '../deploy/dist/bin/verify-image.js',
  chart: '../deploy/dist/bin/generate-chart.js',
  check: './check.mjs',
};

/** Of the commands that do not tell it themselves. */
const usages = {
  test: 'npm test [-- PROJECT|FILE|flags of vitest …]: runs all tests but the faults, or those of the projects (unit, pg, pg15, kafka, redis, chart, e2e, browser, faults) or files named, on servers that it starts',
  check:
    'npm run check: types, format, lint, dependency rules, unused code, rules and their tests, generated files, the client’s size, OpenAPI',
  chart: 'npm run chart [-- --check]: writes what is generated in the chart; --check: exit code 1 when something of it is stale',
  screenshots: 'npm run screenshots: takes the pictures of the demo that are in docs/images',
  'image:verify':
    'npm run image:verify [-- --keep FOLDER]: the Dockerfile’s steps in clean folders, then its commands on real services; --keep: leaves the folders there',
};

/** The commands that serve the demo or look at it. */
const needPage = ['start', 'test', 'bench-browser', 'screenshots'];

const [, , command, ...args] = process.argv;
const program = commands[command];
if (program === undefined) {
  process.stderr.write(`unknown command ${command}: one of ${Object.keys(commands).join(', ')}\n`);
  process.exit(1);
}

if (args.includes('--help') && usages[command] !== undefined) {
  process.stdout.write(`${usages[command]}\n`);
  process.exit(0);
}

checkNode();
await ensureInstalled();
await ensureBuilt();
if (needPage.includes(command) && !args.includes('--no-demo')) await ensurePageBuilt();
process.argv = [process.argv[0], new URL(program, import.meta.url).pathname, ...args];
await import(program);
