import { AppError } from '@carillon/protocol';
import type { Clock } from '@carillon/runtime';
import { SignJWT } from 'jose';
import { alternates, HmacKey } from './hmac-key.ts';
import { expiryMs, type Identity } from './identity.ts';
import { verifyByAny } from './verify-jwt.ts';

/** `aud` of every ticket: what is made for a WebSocket opens nothing else. */
export const ticketAudience = 'ws';

/**
 * Connection tickets: HS256 with a secret that only API and shards know. Any shard takes any ticket, as often as it is presented,
 * until it expires [R9]; there is no list of used ones.
 */
export class Tickets {
  readonly #key: HmacKey;
  readonly #accepted: readonly HmacKey[];
  readonly #clock: Clock;

  /** Signs with `secret`; takes what is signed with `alternate` too, so that the secret can be changed while connections live [S8]. */
  constructor(secret: string, clock: Clock, alternate?: string) {
    this.#key = new HmacKey(secret);
    this.#accepted = [this.#key, ...alternates(alternate)];
    this.#clock = clock;
  }

  /** A ticket for `lifetimeMs`, or until the session that pays for it ends, if that is sooner. */
  async issue(grant: { userId: string; sessionExpiresAtMs: number; lifetimeMs: number }): Promise<{ ticket: string; expiresAtMs: number }> {
    const nowMs = this.#clock.nowMs();
    const expiresAtMs = Math.min(nowMs + grant.lifetimeMs, grant.sessionExpiresAtMs);
    const ticket = await new SignJWT({ session_exp: grant.sessionExpiresAtMs / 1000 })
      .setProtectedHeader({ alg: 'HS256', typ: 'JWT' })
      .setAudience(ticketAudience)
      .setSubject(grant.userId)
      .setIssuedAt(Math.floor(nowMs / 1000))
      .setExpirationTime(expiresAtMs / 1000)
      .sign(await this.#key.get());
    return { ticket, expiresAtMs };
  }

  /**
   * Who the ticket speaks for, and until when that user's session lasts. Throws AppError: `token_expired` when the ticket or its
   * session is over and that is its only fault, else `unauthenticated`.
   */
  async verify(ticket: string): Promise<Identity> {
    const nowMs = this.#clock.nowMs();
    const claims = await verifyByAny(ticket, this.#accepted, {
      algorithms: ['HS256'],
      audience: ticketAudience,
      requiredClaims: ['session_exp'],
      nowMs,
    });
    const sessionEnd = claims['session_exp'];
    if (typeof sessionEnd !== 'number') throw new AppError('unauthenticated', { detail: 'The ticket names no session' });
    const expiresAtMs = expiryMs(sessionEnd);
    if (expiresAtMs <= nowMs) throw new AppError('token_expired');
    return { userId: claims.sub, expiresAtMs };
  }
}
