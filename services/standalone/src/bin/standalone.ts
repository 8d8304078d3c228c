import { createLogger, exitOnStartError, runService, version } from '@carillon/runtime';
import { readOptions, usage } from '../options.ts';
import { Standalone } from '../standalone.ts';

const stopLimitMs = 5_000;

try {
  const options = readOptions(process.argv.slice(2), process.env);
  if (options === 'help') process.stdout.write(usage);
  else if (options === 'version') process.stdout.write(`${version}\n`);
  else {
    const logger = createLogger({
      level: options.logLevel,
      pretty: process.env['LOG_PRETTY'] !== 'false' && process.stdout.isTTY === true,
      name: 'standalone',
    });
    const announce = (text: string) => void process.stderr.write(`carillon: ${text}\n`);
    const print = (text: string) => void process.stdout.write(text);
    await runService(new Standalone(options, { logger, env: process.env, announce, print }), { logger, graceMs: stopLimitMs });
  }
} catch (error) {
  exitOnStartError(error);
}
