import { AppError, userIdSchema } from '@carillon/protocol';
import type { Clock } from '@carillon/runtime';
import { z } from 'zod';
import { expiryMs, type Identity } from './identity.ts';
import { SignedText } from './signed-text.ts';

/** `aud` of every ticket: what is made for a WebSocket opens nothing else. */
export const ticketAudience = 'ws';

const claimsSchema = z.object({
  session_exp: z.number(),
  aud: z.literal(ticketAudience),
  sub: userIdSchema,
  iat: z.number(),
  exp: z.number(),
  nbf: z.number().optional(),
});

type Claims = z.output<typeof claimsSchema>;

/**
 * Connection tickets: HS256 with a secret that only API and shards know. Any shard takes any ticket, as often as it is presented,
 * until it expires [R9]; there is no list of used ones.
 */
export class Tickets {
  readonly #texts: SignedText;
  readonly #accepted: readonly SignedText[];
  readonly #clock: Clock;

  /** Signs with `secret`; takes what is signed with `alternate` too, so that the secret can be changed while connections live [S8]. */
  constructor(secret: string, clock: Clock, alternate?: string) {
    this.#texts = new SignedText(secret);
    this.#accepted = alternate === undefined ? [this.#texts] : [this.#texts, new SignedText(alternate)];
    this.#clock = clock;
  }

  /** A ticket for `lifetimeMs`, or until the session that pays for it ends, if that is sooner. */
  issue(grant: { userId: string; sessionExpiresAtMs: number; lifetimeMs: number }): { ticket: string; expiresAtMs: number } {
    const nowMs = this.#clock.nowMs();
    const expiresAtMs = Math.min(nowMs + grant.lifetimeMs, grant.sessionExpiresAtMs);
    const claims: Claims = {
      session_exp: grant.sessionExpiresAtMs / 1000,
      aud: ticketAudience,
      sub: grant.userId,
      iat: Math.floor(nowMs / 1000),
      exp: expiresAtMs / 1000,
    };
    return { ticket: this.#texts.sign(JSON.stringify(claims)), expiresAtMs };
  }

  /**
   * Who the ticket speaks for, and until when that user's session lasts. Throws AppError: `token_expired` when the ticket or its
   * session is over and that is its only fault, else `unauthenticated`.
   */
  verify(ticket: string): Identity {
    const nowMs = this.#clock.nowMs();
    const claims = readClaims(this.#open(ticket));
    if (claims === undefined || (claims.nbf ?? 0) * 1000 > nowMs) throw new AppError('unauthenticated');
    const expiresAtMs = expiryMs(claims.session_exp);
    if (Math.min(expiryMs(claims.exp), expiresAtMs) <= nowMs) throw new AppError('token_expired');
    return { userId: claims.sub, expiresAtMs };
  }

  #open(ticket: string): string | undefined {
    for (const texts of this.#accepted) {
      const text = texts.open(ticket);
      if (text !== undefined) return text;
    }
    return undefined;
  }
}

/** Also what is signed is looked at: the same secret may have been given to the issuer of user tokens. */
function readClaims(text: string | undefined): Claims | undefined {
  if (text === undefined) return undefined;
  try {
    return claimsSchema.safeParse(JSON.parse(text)).data;
  } catch (error) {
    throw new AppError('unauthenticated', { cause: error });
  }
}
