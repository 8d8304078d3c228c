import type { TokenVerifier } from '@carillon/auth';
import { AppError } from '@carillon/protocol';
import type { Clock, Logger } from '@carillon/runtime';
import { type Context, Hono } from 'hono';
import type { ApiMetrics } from '../metrics.ts';
import type { ApiEnv } from './api-env.ts';
import { addDocs } from './docs-page.ts';
import { problemResponse } from './error-response.ts';
import { inspectJson } from './inspect-json.ts';
import { authenticate } from './middleware/authenticate.ts';
import { cors } from './middleware/cors.ts';
import { observe } from './middleware/observe.ts';
import { requestContext } from './middleware/request-context.ts';
import { openapiDocument } from './openapi-document.ts';
import type { Answer, Operation } from './operation.ts';
import { paths } from './paths.ts';
import { readBody } from './read-body.ts';
import type { RawInput } from './read-input.ts';

type AppParts = {
  readonly operations: readonly Operation[];
  readonly verifier: Pick<TokenVerifier, 'verify'>;
  readonly allowedOrigins: readonly string[];
  readonly metrics: ApiMetrics;
  readonly logger: Logger;
  readonly clock: Clock;
};

export type App = Hono<ApiEnv>;

/**
 * The HTTP API. Checks in the contract's order: 401, unknown route 404, 405, then the operation's own: 415, 413, 400, and what
 * only the database knows: 404, 403, 409.
 */
export function createApp(parts: AppParts): App {
  const app: App = new Hono<ApiEnv>();
  const isPublic = (path: string) => path === paths.devTokens;
  app.use(requestContext, observe(parts), cors(parts.allowedOrigins));
  app.use('/v1/*', authenticate(parts.verifier, isPublic));
  for (const operation of parts.operations) app.on(operation.method.toUpperCase(), routerPath(operation.path), serve(operation));
  addDocs(app, openapiDocument(parts.operations));
  for (const [path, methods] of methodsByPath(app)) app.all(path, refuseMethod(methods));
  app.notFound((context) => problemResponse(new AppError('not_found', { detail: 'There is no such route' }), context.get('requestId')));
  app.onError((error, context) => problemResponse(error, context.get('requestId')));
  return app;
}

function routerPath(path: string): string {
  return path.replaceAll(/\{([a-z_]+)\}/g, ':$1');
}

function serve(operation: Operation): (context: Context<ApiEnv>) => Promise<Response> {
  return async (context) => {
    const input = await readRequest(context, operation);
    const call = { identity: context.get('identity'), params: context.req.param(), input, traceparent: context.get('traceparent') };
    return respond(await operation.handle(call));
  };
}

async function readRequest(context: Context<ApiEnv>, operation: Operation): Promise<RawInput> {
  const query = context.req.query();
  if (operation.body === undefined) return { query, body: undefined, faults: [] };
  const body = await readBody(context.req, operation.isBodyOptional === true);
  return { query, body: body === undefined ? {} : body, faults: inspectJson(body) };
}

function respond(answer: Answer<unknown>): Response {
  const headers = { 'cache-control': 'no-store', ...answer.headers };
  if (answer.body === undefined) return new Response(null, { status: answer.status, headers });
  return new Response(JSON.stringify(answer.body), { status: answer.status, headers: { ...headers, 'content-type': 'application/json' } });
}

/** Every route's methods, as its Allow header has them. */
function methodsByPath(app: App): Map<string, string[]> {
  const methods = new Map<string, string[]>();
  for (const { path, method } of app.routes) {
    if (method === 'ALL') continue;
    methods.set(path, [...(methods.get(path) ?? []), ...(method === 'GET' ? ['GET', 'HEAD'] : [method])]);
  }
  return methods;
}

/** Reached by the methods that the route does not have, and by OPTIONS. */
function refuseMethod(methods: readonly string[]): (context: Context<ApiEnv>) => Response {
  const allow = [...methods, 'OPTIONS'].join(', ');
  return (context) => {
    if (context.req.method === 'OPTIONS') return context.body(null, 204, { allow });
    const response = problemResponse(new AppError('method_not_allowed'), context.get('requestId'));
    response.headers.set('allow', allow);
    return response;
  };
}
