import type { Clock } from '@carillon/runtime';
import { SignJWT } from 'jose';
import { HmacKey } from './hmac-key.ts';

type DevTokenOptions = { readonly secret: string; readonly issuer?: string; readonly audience?: string };

/** Tokens for any user who asks: for development and tests only, production mode refuses to start with them [L4]. */
export class DevTokens {
  readonly #options: DevTokenOptions;
  readonly #key: HmacKey;
  readonly #clock: Clock;

  constructor(options: DevTokenOptions, clock: Clock) {
    this.#options = options;
    this.#key = new HmacKey(options.secret);
    this.#clock = clock;
  }

  /** A token that TokenVerifier with the same options takes for `ttlSeconds`. */
  async issue(userId: string, ttlSeconds: number): Promise<{ token: string; expiresAtMs: number }> {
    const issuedAt = Math.floor(this.#clock.nowMs() / 1000);
    const expiresAt = issuedAt + ttlSeconds;
    const jwt = new SignJWT().setProtectedHeader({ alg: 'HS256', typ: 'JWT' }).setSubject(userId);
    if (this.#options.issuer !== undefined) jwt.setIssuer(this.#options.issuer);
    if (this.#options.audience !== undefined) jwt.setAudience(this.#options.audience);
    const token = await jwt
      .setIssuedAt(issuedAt)
      .setExpirationTime(expiresAt)
      .sign(await this.#key.get());
    return { token, expiresAtMs: expiresAt * 1000 };
  }
}
