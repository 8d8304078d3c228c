import { parseShardToken, type ShardToken } from '@carillon/presence';
import { z } from 'zod';
import type { InboxItem } from './inbox.ts';

/**
 * An entry on the wire: who sent it, its number, the items as one JSON text, and the bytes of all forwarded values, one after
 * the other and never parsed. An item of a kind that this version does not know is left out.
 */
export type PackedEntry = { readonly items: string; readonly values: Buffer };

const forward = z.object({
  kind: z.literal('forward'),
  recipients: z.array(z.string()),
  chatId: z.string(),
  seq: z.number(),
  event: z.string(),
  bytes: z.int().nonnegative(),
});
const notice = z.object({
  kind: z.enum(['register', 'unregister']),
  partition: z.int().nonnegative(),
  userId: z.string(),
  holder: z.string().transform((text): ShardToken => parseShardToken(text).token),
  ackId: z.number().nullable(),
  wasAnswered: z.boolean().optional(),
});
const missed = z.object({ kind: z.literal('missed'), userId: z.string() });
const lost = z.object({ kind: z.literal('lost'), partitions: z.array(z.int().nonnegative()) });
const farewell = z.object({ kind: z.literal('farewell') });
const ack = z.object({ kind: z.literal('ack'), ackId: z.number(), result: z.enum(['ok', 'not_owner']) });
const known = z.discriminatedUnion('kind', [forward, notice, missed, lost, farewell, ack]);
/** Of a newer version: skipped, its bytes included. */
const unknown = z.object({ kind: z.string(), bytes: z.int().nonnegative().default(0) });
const kinds: ReadonlySet<string> = new Set(['forward', 'register', 'unregister', 'missed', 'lost', 'farewell', 'ack']);

export function packItems(items: readonly InboxItem[]): PackedEntry {
  const values: Buffer[] = [];
  const packed = items.map((item) => {
    if (item.kind !== 'forward') return item;
    values.push(item.value);
    const { value, ...rest } = item;
    return { ...rest, bytes: value.length };
  });
  return { items: JSON.stringify(packed), values: Buffer.concat(values) };
}

/** Throws when the entry is not one. The values of the items are views into `values`. */
export function unpackItems(entry: PackedEntry): InboxItem[] {
  const items: InboxItem[] = [];
  let offset = 0;
  for (const raw of z.array(z.unknown()).parse(JSON.parse(entry.items))) {
    const item = parseItem(raw);
    const end = offset + ('bytes' in item ? item.bytes : 0);
    if (end > entry.values.length) throw new RangeError('an inbox entry whose values are cut');
    if ('chatId' in item) items.push(asForward(item, entry.values.subarray(offset, end)));
    else if (!('bytes' in item)) items.push(item);
    offset = end;
  }
  return items;
}

type KnownItem = z.output<typeof known>;

function parseItem(raw: unknown): KnownItem | z.output<typeof unknown> {
  const isKnown = typeof raw === 'object' && raw !== null && 'kind' in raw && typeof raw.kind === 'string' && kinds.has(raw.kind);
  return isKnown ? known.parse(raw) : unknown.parse(raw);
}

function asForward(item: z.output<typeof forward>, value: Buffer): InboxItem {
  const { kind, recipients, chatId, seq, event } = item;
  return { kind, recipients, chatId, seq, event, value };
}
