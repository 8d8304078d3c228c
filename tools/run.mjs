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

/** The commands that serve the demo or look at it. */
const needPage = ['start', 'test', 'bench-browser', 'screenshots'];

const [, , command, ...args] = process.argv;
const program = commands[command];
if (program === undefined) {
  process.stderr.write(`unknown command ${command}: one of ${Object.keys(commands).join(', ')}\n`);
  process.exit(1);
}

checkNode();
await ensureInstalled();
await ensureBuilt();
if (needPage.includes(command) && !args.includes('--no-demo')) await ensurePageBuilt();
process.argv = [process.argv[0], new URL(program, import.meta.url).pathname, ...args];
await import(program);
