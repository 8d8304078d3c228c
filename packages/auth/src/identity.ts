/** Who presented a credential, and until when that holds. `expiresAtMs` is the end of the session, never of a ticket alone [S3]. */
export type Identity = { readonly userId: string; readonly expiresAtMs: number };

/** The last moment that ISO 8601 writes with a four-digit year: a later `exp` counts as this one. */
const endOfTimeMs = 253_402_300_799_999;

/** A NumericDate (seconds, RFC 7519) in milliseconds, so bounded that it can always be written as a time. */
export function expiryMs(seconds: number): number {
  return Math.min(Math.floor(seconds * 1000), endOfTimeMs);
}
