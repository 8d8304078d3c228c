import { randomUUID } from 'node:crypto';
import { AppError } from '@carillon/protocol';
import { RequestError } from '@hono/node-server';
import { problemResponse } from './error-response.ts';

const detail = 'The request target or the Host header is invalid';

/** A request that never reaches the app, such as one with an invalid Host or target: still a problem [H3], never a 500. */
export function badRequest(error: unknown): Response {
  const isFaulty = error instanceof RequestError;
  const known = isFaulty
    ? new AppError('validation_failed', { detail, faults: [{ pointer: '', detail }], cause: error })
    : new AppError('internal', { cause: error });
  const requestId = randomUUID();
  const response = problemResponse(known, requestId);
  response.headers.set('x-request-id', requestId);
  return response;
}
