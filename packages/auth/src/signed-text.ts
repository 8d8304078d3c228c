import { createHmac, createSecretKey, type KeyObject, timingSafeEqual } from 'node:crypto';
import { maxTokenLength } from './check-header.ts';

/** The one header that is written and read: nothing in a token chooses its algorithm or its key [S2]. */
const header = `${encode('{"alg":"HS256","typ":"JWT"}')}.`;

/**
 * Text in a compact JWS (RFC 7515), signed and checked with HS256 in the turn of the caller: for a few hundred bytes the way to a
 * thread and back, which WebCrypto takes, costs ten times the signature.
 */
export class SignedText {
  readonly #key: KeyObject;

  constructor(secret: string) {
    this.#key = createSecretKey(secret, 'utf8');
  }

  sign(text: string): string {
    const signed = header + encode(text);
    return `${signed}.${this.#signatureOf(signed)}`;
  }

  /** The text of a token that is, to the byte, what `sign` writes for it; undefined for every other one. */
  open(token: string): string | undefined {
    if (token.length > maxTokenLength || !token.startsWith(header)) return undefined;
    const end = token.indexOf('.', header.length);
    if (end < 0 || !isSame(token.slice(end + 1), this.#signatureOf(token.slice(0, end)))) return undefined;
    return Buffer.from(token.slice(header.length, end), 'base64url').toString();
  }

  #signatureOf(signed: string): string {
    return createHmac('sha256', this.#key).update(signed).digest('base64url');
  }
}

function encode(text: string): string {
  return Buffer.from(text).toString('base64url');
}

/** In constant time, as it is written: a second spelling of the same bytes is another signature. */
function isSame(presented: string, expected: string): boolean {
  const [a, b] = [Buffer.from(presented), Buffer.from(expected)];
  return a.length === b.length && timingSafeEqual(a, b);
}
