import { type ChatActions, ChatHandle, type ChatView, type OutgoingMessage, type SentMessage, shared } from './chat-handle.ts';
import { type ChatReplica, emptyChat, shownOf } from './chat-replica.ts';
import type { Clock } from './clock.ts';
import { type Api, ApiError } from './http.ts';
import { shownEntry } from './overview.ts';
import { OverviewOrder } from './overview-order.ts';
import type { PendingSend } from './pending-sends.ts';
import type { Sending } from './sending.ts';
import type { Session } from './session.ts';
import type { Overview, Status } from './status.ts';
import { type Notifier, Store } from './store.ts';

export type ChatsOptions = {
  readonly api: Api;
  readonly clock: Clock;
  readonly sending: Sending;
  readonly notifier: Notifier;
  readonly session: () => Session | undefined;
  readonly status: () => Status;
};

const keptOpen = 20;

/** The views of all chats: the overview, and a handle for each chat that was asked for. The replicas themselves are the session's. */
export class Chats implements ChatActions {
  readonly #options: ChatsOptions;
  readonly #handles = new Map<string, ChatHandle>();
  readonly #order = new OverviewOrder();
  /** Views that are subscribed to, and those that were until lately: going back to them is instant. */
  readonly #watched = new Set<string>();
  readonly #left = new Set<string>();
  /** Read positions that the server does not know yet. */
  readonly #reads = new Map<string, number>();
  readonly overview: Store<Overview>;

  constructor(options: ChatsOptions) {
    this.#options = options;
    this.overview = new Store<Overview>(options.notifier, (last) =>
      shared(last, { chats: this.#order.list(), isLoaded: options.session()?.isLoaded ?? false, status: options.status() }),
    );
  }

  get notifier(): Notifier {
    return this.#options.notifier;
  }

  get status(): Status {
    return this.#options.status();
  }

  handle(chatId: string): ChatHandle {
    const known = this.#handles.get(chatId);
    if (known !== undefined) return known;
    const handle = new ChatHandle(chatId, this);
    this.#handles.set(chatId, handle);
    return handle;
  }

  replica(chatId: string): ChatReplica {
    return this.#options.session()?.chat(chatId) ?? emptyChat;
  }

  sends(chatId: string): readonly PendingSend[] {
    return this.#options.sending.of(chatId);
  }

  /** Another user, other chats. */
  sessionChanged(session: Session): void {
    this.#order.clear();
    for (const key of [...this.#watched, ...this.#left]) this.#open(session, key);
    this.statusChanged();
  }

  statusChanged(): void {
    this.overview.changed();
    for (const handle of this.#handles.values()) handle.changed();
    if (this.status === 'live') for (const chatId of this.#reads.keys()) void this.#tellRead(chatId);
  }

  chatChanged(chatId: string, chat: ChatReplica): void {
    const { messages, seq } = shownOf(chat);
    this.#options.sending.settle(chatId, messages, seq);
    if (this.#order.put(chatId, shownEntry(chat.entry))) this.overview.changed();
    this.#handles.get(chatId)?.changed();
  }

  pendingChanged(chatId: string): void {
    this.#handles.get(chatId)?.changed();
  }

  /** The last ones that nobody looks at any more are followed on; older ones are let go. */
  watch(chatId: string, view: ChatView, isWatched: boolean): void {
    const key = `${view} ${chatId}`;
    const session = this.#options.session();
    this.#left.delete(key);
    if (isWatched) {
      this.#watched.add(key);
      if (session !== undefined) this.#open(session, key);
      return;
    }
    this.#watched.delete(key);
    this.#left.add(key);
    const [oldest] = this.#left;
    if (this.#left.size <= keptOpen || oldest === undefined) return;
    this.#left.delete(oldest);
    session?.close(...partsOf(oldest));
  }

  async loadOlder(chatId: string, limit: number, signal: AbortSignal | undefined): Promise<void> {
    await this.#options.session()?.loadOlder(chatId, limit, signal);
  }

  markRead(chatId: string, messageNo = shownEntry(this.replica(chatId).entry)?.message_no ?? 0): void {
    const entry = shownEntry(this.replica(chatId).entry);
    if (entry === undefined || messageNo <= entry.read_message_no) return;
    this.#options.session()?.offerRead(chatId, messageNo);
    this.#reads.set(chatId, Math.max(messageNo, this.#reads.get(chatId) ?? 0));
    void this.#tellRead(chatId);
  }

  send(chatId: string, { files, ...message }: OutgoingMessage): SentMessage {
    const content = { type: message.type ?? 'text', ...message };
    const id = this.add(chatId, { kind: 'send', content }, files);
    const { sending } = this.#options;
    return {
      client_message_id: id,
      get state() {
        return sending.find(chatId, id)?.state.kind ?? 'sent';
      },
      retry: () => sending.retry(chatId, id),
      discard: () => sending.discard(chatId, id),
    };
  }

  add(chatId: string, operation: PendingSend['operation'], files: readonly unknown[] = []): string {
    const id = newId();
    this.#options.sending.add({ id, chatId, createdAtMs: this.#options.clock.nowMs(), operation, state: { kind: 'queued' } }, files);
    return id;
  }

  retry(chatId: string, id: string): void {
    this.#options.sending.retry(chatId, id);
  }

  discard(chatId: string, id: string): void {
    this.#options.sending.discard(chatId, id);
  }

  request<T>(method: string, chatId: string, path: string, body?: unknown): Promise<T> {
    return this.#options.api.request<T>(method, `/v1/chats/${encodeURIComponent(chatId)}${path}`, { body });
  }

  #open(session: Session, key: string): void {
    session.open(...partsOf(key));
  }

  /** Offline it is told with the next connection. Never rejects. */
  async #tellRead(chatId: string): Promise<void> {
    const messageNo = this.#reads.get(chatId);
    if (messageNo === undefined || this.status !== 'live') return;
    try {
      await this.request('PUT', chatId, '/read', { message_no: messageNo });
    } catch (error) {
      if (error instanceof ApiError && error.isRetryable) return;
    }
    if (this.#reads.get(chatId) === messageNo) this.#reads.delete(chatId);
  }
}

function partsOf(key: string): [string, ChatView] {
  const [view, ...rest] = key.split(' ');
  return [rest.join(' '), view === 'members' ? 'members' : 'timeline'];
}

/** 128 random bits; unlike `randomUUID` also where a page is not a secure context. */
function newId(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join('');
}
