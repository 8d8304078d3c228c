import type { Identity, Tickets, TokenVerifier } from '@carillon/auth';
import { AppError, type CloseName } from '@carillon/protocol';
import type { Credential } from '../admission/read-offer.ts';

/** Judges what clients present: tickets and user tokens [S2]. */
export class Credentials {
  readonly #tickets: Tickets;
  readonly #tokens: TokenVerifier;

  constructor(tickets: Tickets, tokens: TokenVerifier) {
    this.#tickets = tickets;
    this.#tokens = tokens;
  }

  /** The credential of a handshake. Throws AppError. */
  async verify(credential: Credential): Promise<Identity> {
    switch (credential.kind) {
      case 'ticket':
        return this.#tickets.verify(credential.token);
      case 'bearer':
        return this.#tokens.verify(credential.token);
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
      return this.#tokens.verify(token);
    }
  }
}

/** Why a connection ends whose credential failed so. A key source that is away is no fault of the client's. */
export function closeNameOf(error: AppError): CloseName {
  if (error.code === 'token_expired') return 'credential_expired';
  return error.code === 'unavailable' ? 'overloaded' : 'invalid_credential';
}
