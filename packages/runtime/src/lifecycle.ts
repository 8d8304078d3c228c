import closeWithGrace from 'close-with-grace';
import { type Clock, systemClock } from './clock.ts';
import { ConfigError, configExitCode } from './config.ts';
import { flushLog, type Logger } from './logger.ts';
import { StartError } from './start-error.ts';

/** A process's work between start and stop. `stop` is called once, also while `start` still runs, and ends what `start` began. */
export interface Service {
  start(): Promise<void>;
  stop(): Promise<void>;
}

type LifecycleOptions = { logger: Logger; graceMs: number };

const stopSignals = ['SIGINT', 'SIGTERM'] as const;
/** A terminal sends Ctrl-C to the whole group, and npm or a launcher passes on its own: within this time it is one wish to stop. */
const sameWishMs = 1_000;

/**
 * Runs a service as this process: start, wait for SIGINT, SIGTERM or a fatal error, stop within `graceMs`, exit.
 * Exit code 0 after a signal, 1 after an error, 78 for a wrong configuration. A signal that comes a second or more after the first
 * ends the process at once.
 */
export async function runService(service: Service, options: LifecycleOptions): Promise<void> {
  const { logger } = options;
  let isStopping = false;
  const { close } = closeWithGrace({ delay: options.graceMs, logger: false, skip: [...stopSignals] }, async ({ err, signal }) => {
    isStopping = true;
    if (err) logger.fatal({ err }, 'fatal error, stopping');
    else if (signal !== undefined) logger.info({ signal }, 'signal received, stopping');
    await service.stop();
    logger.info('stopped');
    await flushLog(logger);
  });
  onStopSignal(systemClock, (signal) => {
    logger.info({ signal }, 'signal received, stopping');
    close();
  });
  try {
    await service.start();
  } catch (error) {
    if (isStopping) return;
    await service.stop();
    await flushLog(logger);
    exitOnStartError(error);
  }
}

function onStopSignal(clock: Clock, stop: (signal: NodeJS.Signals) => void): void {
  let firstAtMs: number | undefined;
  const onSignal = (signal: NodeJS.Signals) => {
    if (firstAtMs === undefined) {
      firstAtMs = clock.monotonicMs();
      stop(signal);
    } else if (clock.monotonicMs() - firstAtMs >= sameWishMs) process.exit(1);
  };
  for (const signal of stopSignals) process.on(signal, onSignal);
}

/** What a `bin/` does with an error of its first steps: one clear message, and 78 when the configuration is at fault. */
export function exitOnStartError(error: unknown): never {
  if (error instanceof ConfigError) {
    process.stderr.write(`${error.message}\n`);
    process.exit(configExitCode);
  }
  if (error instanceof StartError) process.stderr.write(`carillon: ${error.message}\n`);
  else process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  process.exit(1);
}
