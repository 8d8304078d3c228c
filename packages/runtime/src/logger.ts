import { type DestinationStream, type Logger as PinoLogger, pino } from 'pino';
import pretty from 'pino-pretty';
import { withDeadline } from './deadline.ts';
import { LogStream } from './log-stream.ts';

/** Structured JSON logs. Messages are constants; ids are fields; bodies, tokens and URLs with a query are never logged [S6]. */
export type Logger = PinoLogger;

export type LogLevel = 'fatal' | 'error' | 'warn' | 'info' | 'debug' | 'trace' | 'silent';

type LoggerOptions = { level: LogLevel; pretty: boolean; name: string; destination?: DestinationStream };

/** Fields that may hold a secret, wherever they stand in the logged object. */
const secretFields = ['authorization', 'token', 'ticket', 'secret', 'password', 'text', 'attachments'];

type LoggedError = {
  readonly type: string;
  readonly code?: string;
  readonly message: string;
  readonly stack?: string;
  readonly cause?: LoggedError;
};

const flushMs = 1_000;
/** Causes of causes that are logged; an error may be its own cause. */
const maxCauses = 5;

/** Drivers hang connections with their statements and values on errors: only what is named here is logged. */
function loggedError(error: unknown, depth = 0): LoggedError {
  if (!(error instanceof Error)) return { type: typeof error, message: String(error) };
  const code = 'code' in error && typeof error.code === 'string' ? { code: error.code } : {};
  const stack = error.stack === undefined ? {} : { stack: error.stack };
  const cause = error.cause === undefined || depth === maxCauses ? {} : { cause: loggedError(error.cause, depth + 1) };
  return { type: error.name, ...code, message: error.message, ...stack, ...cause };
}

/** A process's logger. JSON lines go to stdout without ever waiting for who reads them; pretty ones, for a terminal, wait. */
export function createLogger(options: LoggerOptions): Logger {
  const settings = {
    level: options.level,
    base: { service: options.name, pid: process.pid },
    timestamp: pino.stdTimeFunctions.isoTime,
    serializers: { err: (error: unknown) => loggedError(error) },
    redact: { paths: secretFields.flatMap((field) => [field, `*.${field}`, `*.*.${field}`]), censor: '[redacted]' },
  };
  if (options.destination !== undefined) return pino(settings, options.destination);
  if (options.pretty) return pino(settings, pretty({ translateTime: 'HH:MM:ss.l', ignore: 'pid', sync: true }));
  const onGap = (dropped: number) => logger.warn({ dropped }, 'log lines were dropped: nobody read them');
  const logger = pino(settings, new LogStream({ fd: 1, onGap }));
  return logger;
}

/** Resolves once what was logged is written, after a second at the latest: with nobody who reads it is lost. */
export async function flushLog(logger: Logger): Promise<void> {
  const written = new Promise<void>((resolve) => logger.flush(() => resolve()));
  await withDeadline(written, flushMs, 'writing the log').catch(() => undefined);
}

/** For parts that are used without a process around them. */
export const silentLogger: Logger = pino({ level: 'silent' });
