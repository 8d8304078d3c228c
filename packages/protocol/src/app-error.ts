import { type ErrorCode, errorCodes } from './error-codes.ts';

/** One fault of a request: `pointer` is a JSON pointer (RFC 6901) into the body, or `/query/<name>`. */
export type Fault = { readonly pointer: string; readonly detail: string };

type AppErrorOptions = { detail?: string; faults?: readonly Fault[]; retryAfterSeconds?: number; cause?: unknown };

/**
 * An expected failure with a code from the catalogue. Thrown by use cases and credentials, translated into a problem or a
 * close code at the edge only. `detail` is for the caller: it never holds another user's data.
 */
export class AppError extends Error {
  readonly code: ErrorCode;
  readonly detail: string | undefined;
  readonly faults: readonly Fault[];
  readonly retryAfterSeconds: number | undefined;

  constructor(code: ErrorCode, options: AppErrorOptions = {}) {
    super(options.detail ?? errorCodes[code].title, { cause: options.cause });
    this.name = 'AppError';
    this.code = code;
    this.detail = options.detail;
    this.faults = options.faults ?? [];
    this.retryAfterSeconds = options.retryAfterSeconds;
  }
}
