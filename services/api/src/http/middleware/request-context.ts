import { randomUUID } from 'node:crypto';
import type { MiddlewareHandler } from 'hono';
import type { ApiEnv } from '../api-env.ts';

/** An id that may stand in a log line and a header. */
const wellFormedId = /^[A-Za-z0-9._~:+/=-]{1,128}$/;

/** W3C trace context, version 00; all-zero ids are invalid. */
const wellFormedTrace = /^00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}$/;

/** Takes over the caller's request id and trace context where they are well-formed, and names the request in its answer. */
export const requestContext: MiddlewareHandler<ApiEnv> = async (context, next) => {
  const given = context.req.header('x-request-id');
  const requestId = given !== undefined && wellFormedId.test(given) ? given : randomUUID();
  const trace = context.req.header('traceparent');
  context.set('requestId', requestId);
  context.set('traceparent', trace !== undefined && wellFormedTrace.test(trace) ? trace : undefined);
  context.set('identity', undefined);
  await next();
  // Set on the answer's own headers: context.header() would rebuild the finished answer around a stream of its body.
  const { headers } = context.res;
  headers.set('x-request-id', requestId);
  headers.set('x-content-type-options', 'nosniff');
};
