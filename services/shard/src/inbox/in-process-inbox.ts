import type { ShardToken } from '@carillon/presence';
import { ReceivedNumbers, SentNumbers } from './entry-numbers.ts';
import { checkEntrySize, type Inbox, InboxGoneError, type InboxItem, type InboxListener, maxEntries } from './inbox.ts';

type Entry = { readonly sender: ShardToken; readonly number: number; readonly items: readonly InboxItem[] };

/** The inboxes of all shards of one process. One instance is shared by them. */
export class InProcessInboxes {
  readonly #started = new Map<ShardToken, InProcessInbox>();

  /** This life's inbox; not yet reachable before its `start`. */
  open(token: ShardToken): Inbox {
    return new InProcessInbox(token, this.#started);
  }
}

/** Entries wait for the next turn of the event loop, as they would for a network. At most `maxEntries` wait. */
class InProcessInbox implements Inbox {
  readonly #token: ShardToken;
  readonly #started: Map<ShardToken, InProcessInbox>;
  readonly #sent = new SentNumbers();
  readonly #received = new ReceivedNumbers();
  #listener: InboxListener | undefined;
  #waiting: Entry[] = [];

  constructor(token: ShardToken, started: Map<ShardToken, InProcessInbox>) {
    this.#token = token;
    this.#started = started;
  }

  async send(to: ShardToken, items: readonly InboxItem[]): Promise<void> {
    const number = this.#sent.next(to);
    checkEntrySize(items);
    const receiver = this.#started.get(to);
    if (receiver === undefined) throw new InboxGoneError(to);
    receiver.#push({ sender: this.#token, number, items });
  }

  skip(to: ShardToken): void {
    this.#sent.next(to);
  }

  async start(listener: InboxListener): Promise<void> {
    this.#listener = listener;
    this.#started.set(this.#token, this);
  }

  isConnected(): boolean {
    return true;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#started.delete(this.#token);
    this.#listener = undefined;
    this.#waiting = [];
  }

  #push(entry: Entry): void {
    if (this.#waiting.length === 0) setImmediate(() => this.#drain());
    this.#waiting.push(entry);
    if (this.#waiting.length > maxEntries) this.#waiting.shift();
  }

  #drain(): void {
    const entries = this.#waiting;
    this.#waiting = [];
    for (const { sender, number, items } of entries) {
      const order = this.#received.accept(sender, number);
      if (order === 'gap') this.#listener?.onGap(sender);
      this.#listener?.onItems(sender, items);
    }
  }
}
