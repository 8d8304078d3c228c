import type { ChatSnapshot, MessagePage } from '@carillon/client';

/** A side, as far as it is compared. */
export type Shown = { readonly userId: string; readonly snapshot: Pick<ChatSnapshot, 'messages' | 'pending' | 'status' | 'isLoaded'> };

export type Verdict =
  | { readonly kind: 'equal'; readonly messages: number }
  | { readonly kind: 'different'; readonly reasons: readonly string[] };

/** Compares what each side shows with what is in Postgres, message by message, as far back as both reach. */
export function compare(stored: MessagePage, sides: readonly Shown[]): Verdict {
  const reasons = sides.flatMap((side) => reasonOf(stored, side) ?? []);
  if (reasons.length > 0) return { kind: 'different', reasons };
  return { kind: 'equal', messages: Math.min(stored.messages.length, ...sides.map(({ snapshot }) => snapshot.messages.length)) };
}

function reasonOf({ messages: stored }: MessagePage, { userId, snapshot }: Shown): string | undefined {
  const { messages, pending, status, isLoaded } = snapshot;
  if (!isLoaded) return `${userId} has not loaded the chat`;
  const last = stored.at(-1)?.seq ?? 0;
  const missing = stored.filter(({ seq }) => seq > (messages.at(-1)?.seq ?? 0)).length;
  if (missing > 0) return `${userId} lacks ${missing}`;
  if ((messages.at(-1)?.seq ?? 0) > last) return `${userId} is ahead of the answer`;
  const compared = Math.min(messages.length, stored.length);
  if (contentOf(messages.slice(-compared)) !== contentOf(stored.slice(-compared))) return `${userId} shows something else`;
  if (pending.length > 0) return `${userId} has ${pending.length} on the way`;
  return status === 'live' ? undefined : `${userId} is ${status === 'catching_up' ? 'catching up' : 'offline'}`;
}

/** The same text for the same content, whatever the order of keys. */
function contentOf(value: unknown): string {
  return JSON.stringify(value, (_key, part: unknown) =>
    typeof part === 'object' && part !== null && !Array.isArray(part) ? Object.fromEntries(Object.entries(part).toSorted(byKey)) : part,
  );
}

function byKey([a]: [string, unknown], [b]: [string, unknown]): number {
  return a < b ? -1 : 1;
}
