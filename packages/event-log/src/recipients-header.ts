const [openingBracket, closingBracket, quote, backslash] = [0x5b, 0x5d, 0x22, 0x5c];

/** The header `recipients`: a JSON array of users. Throws when it is anything else. */
export function parseRecipients(json: string): readonly string[] {
  const recipients: unknown = JSON.parse(json);
  if (!isStrings(recipients) || recipients.length === 0) throw new Error('the header recipients is no list of users');
  return recipients;
}

/** The only recipient, when there is one whose id needs no JSON parser; user ids are ASCII. */
export function readOnlyRecipient(bytes: Buffer, from: number, to: number): string | undefined {
  if (to - from < 5 || bytes[from] !== openingBracket || bytes[from + 1] !== quote) return undefined;
  if (bytes[to - 1] !== closingBracket || bytes[to - 2] !== quote) return undefined;
  for (let at = from + 2; at < to - 2; at += 1) {
    const byte = bytes[at] ?? quote;
    if (byte === quote || byte === backslash || byte < 0x20 || byte >= 0x80) return undefined;
  }
  return bytes.toString('latin1', from + 2, to - 2);
}

function isStrings(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'string');
}
