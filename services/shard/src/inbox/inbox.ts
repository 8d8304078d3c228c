import type { ShardToken } from '@carillon/presence';

/** What one shard tells another. */
export type InboxItem =
  | {
      readonly kind: 'forward';
      readonly recipients: readonly string[];
      readonly value: Buffer;
      readonly chatId: string;
      readonly seq: number;
      readonly event: string;
    }
  | {
      readonly kind: 'register' | 'unregister';
      readonly partition: number;
      readonly userId: string;
      readonly holder: ShardToken;
      /** Asks the owner for an `ack`, which answers for the notices of this partition before it too. */
      readonly ackId: number | null;
      /** The user's connections have been answered before: an owner that does not know them has kept events from them. */
      readonly wasAnswered?: boolean | undefined;
    }
  /** Events of this user have not been forwarded; told before the acknowledgement of the notice that showed it [R12]. */
  | { readonly kind: 'missed'; readonly userId: string }
  /** Events of these partitions did not reach this shard, which is asked to tell its connections [R11]. */
  | { readonly kind: 'lost'; readonly partitions: readonly number[] }
  /** The sender owns nothing any more, and has told every loss: its end leaves nothing to suspect [R13]. */
  | { readonly kind: 'farewell' }
  | { readonly kind: 'ack'; readonly ackId: number; readonly result: 'ok' | 'not_owner' };

/** A change of who holds a user, for the owner's routing table. */
export type Notice = Extract<InboxItem, { kind: 'register' | 'unregister' }>;
/** A notification for users whose sockets another shard holds. */
export type Forward = Extract<InboxItem, { kind: 'forward' }>;

/** All calls are synchronous, short, and must not throw. */
export interface InboxListener {
  onItems(sender: ShardToken, items: readonly InboxItem[]): void;
  /** An entry of this sender is missing; told before the entry that shows it. `undefined`: entries of anybody may be missing. */
  onGap(sender: ShardToken | undefined): void;
}

/**
 * A shard's mail: one stream per life of a shard, written by the others, read by itself. Two implementations keep this
 * contract: Redis and in-process; `inbox.contract.ts` is the suite that both pass.
 *
 * Entries of one sender arrive in the order of their numbers, each at most once. A loss is seen with the sender's next entry.
 * States: idle → started → disposed; no way back. `send` works in all but the last.
 */
export interface Inbox extends AsyncDisposable {
  /**
   * Packs the items into one entry, numbered densely per pair sender → receiver; the number rises for a failed send too.
   * Rejects within 300 ms: with InboxGoneError when the receiver has no inbox, with InboxEntryError when the entry exceeds
   * `maxEntryBytes`, with another error when the outcome is unknown.
   */
  send(to: ShardToken, items: readonly InboxItem[]): Promise<void>;
  /** Counts an entry that is not even tried, so that the receiver sees the gap with the next one. */
  skip(to: ShardToken): void;
  /** Creates the inbox and reads it until disposed. Resolves within 1 s, also when the server is away: then it keeps trying. */
  start(listener: InboxListener): Promise<void>;
  isConnected(): boolean;
}

/** Values and recipients of one entry together. */
export const maxEntryBytes = 1 << 20;
/** Unread entries that an inbox keeps, about; beyond it the oldest go, and their senders' numbers show it. */
export const maxEntries = 10_000;

/** The receiver's inbox does not exist: that life of the shard is over, or its server lost it a moment ago. */
export class InboxGoneError extends Error {
  constructor(to: ShardToken) {
    super(`${to} has no inbox`);
    this.name = 'InboxGoneError';
  }
}

/** The entry is larger than `maxEntryBytes`. */
export class InboxEntryError extends Error {
  constructor(bytes: number) {
    super(`an inbox entry of ${bytes} bytes, more than ${maxEntryBytes}`);
    this.name = 'InboxEntryError';
  }
}

/** What the item adds to its entry: its variable parts and about what their frame costs. */
export function itemBytes(item: InboxItem): number {
  switch (item.kind) {
    case 'forward':
      return item.recipients.reduce((bytes, recipient) => bytes + recipient.length + 3, item.value.length + 128);
    case 'register':
    case 'unregister':
      return item.userId.length + item.holder.length + 96;
    case 'lost':
      return item.partitions.length * 8 + 64;
    case 'missed':
      return item.userId.length + 64;
    case 'farewell':
    case 'ack':
      return 64;
  }
}

/** Throws InboxEntryError when the items do not fit into one entry. */
export function checkEntrySize(items: readonly InboxItem[]): void {
  const bytes = items.reduce((sum, item) => sum + itemBytes(item), 0);
  if (bytes > maxEntryBytes) throw new InboxEntryError(bytes);
}
