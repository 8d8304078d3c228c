import closeWithGrace from 'close-with-grace';
import { ConfigError, configExitCode } from './config.ts';
import type { Logger } from './logger.ts';
import { StartError } from './start-error.ts';

/** A process's work between start and stop. `stop` is called once, also while `start` still runs, and ends what `start` began. */
export interface Service {
  start(): Promise<void>;
  stop(): Promise<void>;
}

type LifecycleOptions = { logger: Logger; graceMs: number };

/**
 * Runs a service as this process: start, wait for SIGINT, SIGTERM or a fatal error, stop within `graceMs`, exit.
 * Exit code 0 after a signal, 1 after an error, 78 for a wrong configuration. A second signal ends the process at once.
 */
export async function runService(service: Service, options: LifecycleOptions): Promise<void> {
  const { logger } = options;
  let isStopping = false;
  closeWithGrace({ delay: options.graceMs, logger: false }, async ({ err, signal }) => {
    isStopping = true;
    if (err) logger.fatal({ err }, 'fatal error, stopping');
    else logger.info({ signal }, 'signal received, stopping');
    await service.stop();
    logger.info('stopped');
  });
  try {
    await service.start();
  } catch (error) {
    if (isStopping) return;
    await service.stop();
    exitOnStartError(error);
  }
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
