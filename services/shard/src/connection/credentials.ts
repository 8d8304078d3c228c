import type { Identity, Tickets, TokenVerifier } from '@carillon/auth';
import { AppError, type CloseName } from '@carillon/protocol';
import type { Credential } from '../admission/read-offer.ts';

/** Judges what clients present: tickets always, user tokens where the shard knows how to verify them [S2]. */
export class Credentials {
  readonly #tickets: Tickets;
  readonly #tokens: TokenVerifier | undefined;

  constructor(tickets: Tickets, tokens: TokenVerifier | undefined) {
    this.#tickets = tickets;
    this.#tokens = tokens;
  }

  /** The credential of a handshake. Throws AppError. */
  async verify(credential: Credential): Promise<Identity> {
    switch (credential.kind) {
      case 'ticket':
        return this.#tickets.verify(credential.token);
      case 'bearer':
        return this.#verifyToken(credential.token);
      case 'none':
        throw new AppError('unauthenticated');
    }
  }

  /** The token of an `auth` frame: either kind. Throws AppError. */
  async verifyEither(token: string): Promise<Identity> {
    try {
      return await this.#tickets.verify(token);
    } catch (error) {
      if (!(error instanceof AppError) || error.code !== 'unauthenticated') throw error;
      return this.#verifyToken(token);
    }
  }

  #verifyToken(token: string): Promise<Identity> {
    if (this.#tokens === undefined) return Promise.reject(new AppError('unauthenticated', { detail: 'This shard takes tickets only' }));
    return this.#tokens.verify(token);
  }
}

/** Why a connection ends whose credential failed so. A key source that is away is no fault of the client's. */
export function closeNameOf(error: AppError): CloseName {
  if (error.code === 'token_expired') return 'credential_expired';
  return error.code === 'unavailable' ? 'overloaded' : 'invalid_credential';
}
