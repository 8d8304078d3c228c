import { AppError } from '@carillon/protocol';
import { assert, type Clock } from '@carillon/runtime';
import { createRemoteJWKSet, type JWTVerifyGetKey } from 'jose';
import { LRUCache } from 'lru-cache';
import { alternates, HmacKey } from './hmac-key.ts';
import { expiryMs, type Identity } from './identity.ts';
import { ticketAudience } from './tickets.ts';
import { type VerifiedClaims, verifyByAny, verifyJwt } from './verify-jwt.ts';

/** Exactly one of `secret` (HS256) and `jwksUrl` (asymmetric) is set; with both, the secret is used. */
export type TokenVerifierOptions = {
  readonly secret?: string;
  /** Accepted beside `secret`, while that is changed [S8]. */
  readonly alternateSecret?: string;
  readonly jwksUrl?: string;
  readonly issuer?: string;
  readonly audience?: string;
  /** How far two clocks may differ: 30 over HTTP, 0 where the end of a credential ends a connection. */
  readonly leewaySeconds: number;
};

/** Never HS256 beside these: a public key would then be a secret [S2]. */
const asymmetric = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA', 'Ed25519'];

/** A removed key of the JWKS stops verifying tokens within this time. */
const rememberedMs = 60_000;
const rememberedBytes = 8 << 20;

type Verified = { readonly identity: Identity; readonly verifiedAtMs: number };

/**
 * Verifies the JWTs of users: the algorithm is that of the configuration, whatever the token says [S2]. A verified token is
 * remembered for a minute, in 8 MiB at most: a client sends the same one with every request, and the signature (a job on
 * another thread) was a fifth of the CPU of a send.
 */
export class TokenVerifier {
  readonly #verified = new LRUCache<string, Verified>({ maxSize: rememberedBytes, sizeCalculation: (_, token) => token.length });
  readonly #options: TokenVerifierOptions;
  readonly #clock: Clock;
  readonly #keys: readonly HmacKey[] | JWTVerifyGetKey;

  constructor(options: TokenVerifierOptions, clock: Clock) {
    this.#options = options;
    this.#clock = clock;
    this.#keys = keysOf(options);
  }

  /**
   * Who the token speaks for. Throws AppError: `token_expired` when that is its only fault, `unavailable` when the JWKS cannot be
   * fetched, else `unauthenticated`.
   */
  async verify(token: string): Promise<Identity> {
    const nowMs = this.#clock.nowMs();
    const known = this.#verified.get(token);
    if (known !== undefined && this.#stillHolds(known, nowMs)) return known.identity;
    const identity = await this.#verify(token, nowMs);
    this.#verified.set(token, { identity, verifiedAtMs: nowMs });
    return identity;
  }

  #stillHolds({ identity, verifiedAtMs }: Verified, nowMs: number): boolean {
    const isRecent = nowMs >= verifiedAtMs && nowMs - verifiedAtMs < rememberedMs;
    return isRecent && nowMs < identity.expiresAtMs + this.#options.leewaySeconds * 1000;
  }

  async #verify(token: string, nowMs: number): Promise<Identity> {
    const { issuer, audience, leewaySeconds } = this.#options;
    const rules = {
      clockTolerance: leewaySeconds,
      nowMs,
      ...(issuer === undefined ? {} : { issuer }),
      ...(audience === undefined ? {} : { audience }),
    };
    const keys = this.#keys;
    const claims = await (typeof keys === 'function'
      ? verifyJwt(token, keys, { ...rules, algorithms: asymmetric })
      : verifyByAny(token, keys, { ...rules, algorithms: ['HS256'] }));
    if (isTicket(claims)) throw new AppError('unauthenticated', { detail: 'A ticket is not a token' });
    return { userId: claims.sub, expiresAtMs: expiryMs(claims.exp) };
  }
}

function keysOf(options: TokenVerifierOptions): readonly HmacKey[] | JWTVerifyGetKey {
  if (options.secret !== undefined) return [new HmacKey(options.secret), ...alternates(options.alternateSecret)];
  assert(options.jwksUrl !== undefined, 'a token verifier has a secret or a JWKS URL');
  return createRemoteJWKSet(new URL(options.jwksUrl), { timeoutDuration: 5_000 });
}

/** Where both kinds were given the same secret, a ticket, which reaches URLs and logs, still opens no API. */
function isTicket(claims: VerifiedClaims): boolean {
  return claims.aud === ticketAudience && 'session_exp' in claims;
}
