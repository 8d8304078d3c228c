import type { TokenVerifier } from '@carillon/auth';
import { AppError } from '@carillon/protocol';
import type { MiddlewareHandler } from 'hono';
import type { ApiEnv } from '../api-env.ts';

const bearer = /^Bearer +([^ ]+) *$/i;

/** Without a credential the challenge names no error (RFC 6750, section 3.1). */
const noToken = { detail: 'Authorization: Bearer <token> is required', headers: { 'www-authenticate': 'Bearer' } };

/**
 * The first check of every request under `/v1` [S2]: who is calling. Not asked: a preflight, which never carries a token, and
 * the public paths.
 */
export function authenticate(verifier: Pick<TokenVerifier, 'verify'>, isPublic: (path: string) => boolean): MiddlewareHandler<ApiEnv> {
  return async (context, next) => {
    if (context.req.method === 'OPTIONS' || isPublic(context.req.path)) return next();
    const token = bearer.exec(context.req.header('authorization') ?? '')?.[1];
    if (token === undefined) throw new AppError('unauthenticated', noToken);
    context.set('identity', await verifier.verify(token));
    return next();
  };
}
