import type { Clock, Logger } from '@carillon/runtime';
import type { Context, MiddlewareHandler } from 'hono';
import { routePath } from 'hono/route';
import type { ApiMetrics } from '../../metrics.ts';
import type { ApiEnv } from '../api-env.ts';

type ObserveParts = { readonly metrics: ApiMetrics; readonly logger: Logger; readonly clock: Clock };

const knownMethods: readonly string[] = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'];

/**
 * Measures and logs every request by its route's pattern: no id, query, token or body reaches a label or a line [S6].
 * Outermost but for the request's own id, so that it sees the final status.
 */
export function observe({ metrics, logger, clock }: ObserveParts): MiddlewareHandler<ApiEnv> {
  return async (context, next) => {
    const startedMs = clock.monotonicMs();
    await next();
    const seconds = (clock.monotonicMs() - startedMs) / 1000;
    const route = routeOf(context);
    const method = knownMethods.includes(context.req.method) ? context.req.method : 'OTHER';
    const { status } = context.res;
    metrics.requestSeconds.observe({ route, method, status: String(status) }, seconds);
    const fields = { requestId: context.get('requestId'), route, method, status, ms: Math.round(seconds * 1000) };
    if (status === 500) logger.error({ ...fields, err: context.error }, 'request failed');
    else if (status >= 500) logger.warn({ ...fields, err: context.error }, 'request not served');
    else logger.debug(fields, 'request served');
  };
}

/** The last pattern that matches is the route itself; the middleware's own patterns mean that there is none. */
function routeOf(context: Context<ApiEnv>): string {
  const pattern = routePath(context, -1);
  return pattern.endsWith('*') ? 'unknown' : pattern.replaceAll(/:([a-z_]+)/g, '{$1}');
}
