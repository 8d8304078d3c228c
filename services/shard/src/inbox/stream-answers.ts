/** An entry of the inbox stream; `from` is undefined for an entry that no shard sent. */
export type StreamEntry = {
  readonly id: string;
  readonly from: string | undefined;
  readonly number: number;
  readonly items: string;
  readonly values: Buffer;
};

const nothing = Buffer.alloc(0);

/** The answer of XREAD on one stream, null when nothing came in time. Throws on anything else. */
export function parseEntries(answer: unknown): StreamEntry[] {
  if (answer === null) return [];
  const [stream] = parseList(answer);
  const [, entries] = parseList(stream);
  return parseList(entries).map(parseEntry);
}

function parseEntry(entry: unknown): StreamEntry {
  const [id, list] = parseList(entry);
  const fields = new Map<string, Buffer>();
  const flat = parseList(list).map(parseBuffer);
  for (const [i, name] of flat.entries()) if (i % 2 === 0) fields.set(name.toString(), flat[i + 1] ?? nothing);
  return {
    id: parseBuffer(id).toString(),
    from: fields.get('from')?.toString(),
    number: Number(fields.get('n')),
    items: fields.get('items')?.toString() ?? '[]',
    values: fields.get('values') ?? nothing,
  };
}

function parseList(value: unknown): unknown[] {
  if (Array.isArray(value)) return value;
  throw new TypeError(`expected a list, got ${typeof value}`);
}

function parseBuffer(value: unknown): Buffer {
  if (Buffer.isBuffer(value)) return value;
  throw new TypeError(`expected bytes, got ${typeof value}`);
}
