import { type ErrorCode, errorCodes } from './error-codes.ts';

/** One fault of a request: `pointer` is a JSON pointer (RFC 6901) into the body, or `/query/<name>`. */
export type Fault = { readonly pointer: string; readonly detail: string };

type AppErrorOptions = {
  detail?: string;
  faults?: readonly Fault[];
  retryAfterSeconds?: number;
  /** Headers of the HTTP answer beyond those of every answer with this code; they win over those. */
  headers?: Readonly<Record<string, string>>;
  cause?: unknown;
};

/**
 * An expected failure with a code from the catalogue. Thrown by use cases and credentials, translated into a problem or a
 * close code at the edge only. `detail` is for the caller: it never holds another user's data.
 */
export class AppError extends Error {
  readonly code: ErrorCode;
  readonly detail: string | undefined;
  readonly faults: readonly Fault[];
  readonly retryAfterSeconds: number | undefined;
  readonly headers: Readonly<Record<string, string>>;

  constructor(code: ErrorCode, options: AppErrorOptions = {}) {
    super(options.detail ?? errorCodes[code].title, { cause: options.cause });
    this.name = 'AppError';
    this.code = code;
    this.detail = options.detail;
    this.faults = options.faults ?? [];
    this.retryAfterSeconds = options.retryAfterSeconds;
    this.headers = options.headers ?? {};
  }
}
