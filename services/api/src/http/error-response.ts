import { AppError, errorCodes, type Problem } from '@carillon/protocol';

/**
 * The one place where a failure becomes an answer: AppError → problem (RFC 9457) [H3]. Anything else is a bug of ours:
 * `internal`, and no detail of it leaves the process.
 */
export function problemResponse(error: unknown, requestId: string): Response {
  const known = error instanceof AppError ? error : new AppError('internal', { cause: error });
  const problem = problemOf(known, requestId);
  const headers = { 'content-type': 'application/problem+json', 'cache-control': 'no-store', ...headersOf(known), ...known.headers };
  return new Response(JSON.stringify(problem), { status: problem.status, headers });
}

function problemOf(error: AppError, requestId: string): Problem {
  const { status, title } = errorCodes[error.code];
  const { code, detail = title, faults } = error;
  const problem = { type: `urn:carillon:problem:${code}`, title, status, detail, code, request_id: requestId };
  return faults.length === 0 ? problem : { ...problem, errors: faults.map((fault) => ({ ...fault })) };
}

const defaultRetrySeconds = 1;

function headersOf(error: AppError): Record<string, string> {
  const { status, retryable } = errorCodes[error.code];
  if (retryable) return { 'retry-after': String(error.retryAfterSeconds ?? defaultRetrySeconds) };
  if (status === 401) return { 'www-authenticate': 'Bearer error="invalid_token"' };
  return {};
}
