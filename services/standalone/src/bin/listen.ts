import { createLogger, exitOnStartError, runService, systemClock } from '@carillon/runtime';
import { Listener } from '../listen/listen.ts';
import { listenUsage, parseListenArgs } from '../listen/parse-listen-args.ts';

try {
  const options = parseListenArgs(process.argv.slice(2), process.env);
  if (options === 'help') process.stdout.write(listenUsage);
  else {
    const print = (line: string) => void process.stdout.write(`${line}\n`);
    const note = (line: string) => void process.stderr.write(`${line}\n`);
    await runService(new Listener(options, { clock: systemClock, print, note }), {
      logger: createLogger({ level: 'silent', pretty: false, name: 'listen' }),
      graceMs: 2_000,
    });
  }
} catch (error) {
  exitOnStartError(error);
}
