import { AppError, userIdSchema } from '@carillon/protocol';
import { assert } from '@carillon/runtime';
import { type CryptoKey, errors, type JWTPayload, type JWTVerifyGetKey, type JWTVerifyOptions, jwtVerify } from 'jose';
import { checkHeader } from './check-header.ts';
import type { HmacKey } from './hmac-key.ts';

type VerifyOptions = Pick<JWTVerifyOptions, 'algorithms' | 'issuer' | 'audience' | 'clockTolerance'> & { nowMs: number };

/** The claims of a verified token; what else it claims is unknown. */
export type VerifiedClaims = JWTPayload & { readonly sub: string; readonly exp: number };

/**
 * Verifies a compact JWT by the configured algorithms, and requires `sub` and `exp` [S2]. Throws AppError: `token_expired` when that
 * is the token's only fault, `unavailable` when the keys cannot be fetched, else `unauthenticated`.
 */
export async function verifyJwt(token: string, key: CryptoKey | JWTVerifyGetKey, options: VerifyOptions): Promise<VerifiedClaims> {
  checkHeader(token);
  const { nowMs, ...rules } = options;
  const settings = { ...rules, requiredClaims: ['sub', 'exp'], currentDate: new Date(nowMs) };
  try {
    const { payload } = typeof key === 'function' ? await jwtVerify(token, key, settings) : await jwtVerify(token, key, settings);
    return requireClaims(payload);
  } catch (error) {
    throw translate(error);
  }
}

/** As `verifyJwt`, by the first key whose signature it is: while a secret is changed, two are good [S8]. */
export async function verifyByAny(token: string, keys: readonly HmacKey[], options: VerifyOptions): Promise<VerifiedClaims> {
  for (const key of keys.slice(0, -1)) {
    try {
      return await verifyJwt(token, await key.get(), options);
    } catch (error) {
      if (!isOfAnotherKey(error)) throw error;
    }
  }
  const last = keys.at(-1);
  assert(last !== undefined, 'a token is verified by at least one key');
  return verifyJwt(token, await last.get(), options);
}

function isOfAnotherKey(error: unknown): boolean {
  return error instanceof AppError && error.cause instanceof errors.JWSSignatureVerificationFailed;
}

function requireClaims(payload: JWTPayload): VerifiedClaims {
  const { sub, exp } = payload;
  if (!userIdSchema.safeParse(sub).success || sub === undefined || exp === undefined) throw new AppError('unauthenticated');
  return { ...payload, sub, exp };
}

/** Everything jose finds wrong with a token itself; any other failure is one of the key source. */
const tokenFaults = [
  errors.JWTClaimValidationFailed,
  errors.JOSEAlgNotAllowed,
  errors.JOSENotSupported,
  errors.JWSInvalid,
  errors.JWTInvalid,
  errors.JWKSNoMatchingKey,
  errors.JWKSMultipleMatchingKeys,
  errors.JWSSignatureVerificationFailed,
];

function translate(error: unknown): AppError {
  if (error instanceof AppError) return error;
  if (error instanceof errors.JWTExpired) return expiredOrWorse(error);
  if (tokenFaults.some((fault) => error instanceof fault)) return new AppError('unauthenticated', { cause: error });
  return new AppError('unavailable', { detail: 'The keys that verify tokens cannot be fetched', retryAfterSeconds: 1, cause: error });
}

/** jose checks `exp` last, so the signature and all other claims are good; only our own rule for `sub` is left. */
function expiredOrWorse(error: errors.JWTExpired): AppError {
  const hasUser = userIdSchema.safeParse(error.payload.sub).success;
  return new AppError(hasUser ? 'token_expired' : 'unauthenticated', { cause: error });
}
