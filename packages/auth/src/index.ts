export { DevTokens } from './dev-tokens.ts';
export type { Identity } from './identity.ts';
export { Tickets } from './tickets.ts';
export { TokenVerifier, type TokenVerifierOptions } from './token-verifier.ts';
