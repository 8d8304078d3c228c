/** A cursor is opaque to clients: JSON in base64url, of a form that each query checks itself. */
export function encodeCursor(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}

/** Undefined when it was not made by `encodeCursor`. */
export function decodeCursor(cursor: string): unknown {
  try {
    return JSON.parse(Buffer.from(cursor, 'base64url').toString());
  } catch {
    return undefined; // a client may send anything
  }
}
