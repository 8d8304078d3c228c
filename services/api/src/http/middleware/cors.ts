import { isAllowedOrigin } from '@carillon/runtime';
import type { MiddlewareHandler } from 'hono';
import type { ApiEnv } from '../api-env.ts';

const preflightHeaders = {
  'access-control-allow-methods': 'GET, HEAD, POST, PUT, PATCH, DELETE',
  'access-control-allow-headers': 'authorization, content-type, traceparent, x-request-id',
  'access-control-max-age': '600',
};

const exposedHeaders = 'link, location, ratelimit, ratelimit-policy, retry-after, x-request-id';

/** CORS for the allowed origins, without credentials: tokens travel in a header. Any other origin gets no CORS header at all. */
export function cors(allowed: readonly string[]): MiddlewareHandler<ApiEnv> {
  return async (context, next) => {
    await next();
    const { headers } = context.res;
    headers.append('vary', 'origin');
    const origin = context.req.header('origin');
    if (origin === undefined || !isAllowedOrigin(origin, allowed)) return;
    headers.set('access-control-allow-origin', origin);
    headers.set('access-control-expose-headers', exposedHeaders);
    if (context.req.method !== 'OPTIONS' || context.req.header('access-control-request-method') === undefined) return;
    for (const [name, value] of Object.entries(preflightHeaders)) headers.set(name, value);
  };
}
