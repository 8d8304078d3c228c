import { type ChatActions, ChatHandle, type ChatView, type OutgoingMessage, type SentMessage, shared } from './chat-handle.ts';
import { type ChatReplica, emptyChat, shownOf } from './chat-replica.ts';
import type { Clock } from './clock.ts';
import type { Api } from './http.ts';
import { shownEntry } from './overview.ts';
import { OverviewOrder } from './overview-order.ts';
import type { PendingSend } from './pending-sends.ts';
import type { Sending } from './sending.ts';
import type { Session } from './session.ts';
import type { Overview, Status } from './status.ts';
import { type Notifier, Store } from './store.ts';
import { needOf } from './sync.ts';

export type ChatsOptions = {
  readonly api: Api;
  readonly clock: Clock;
  readonly sending: Sending;
  readonly notifier: Notifier;
  readonly session: () => Session | undefined;
  readonly status: () => Status;
};

const keptOpen = 20;

type Watched = [chatId: string, view: ChatView];

/** The views of all chats: the overview, and a handle for each chat that was asked for. The replicas themselves are the session's. */
export class Chats implements ChatActions {
  readonly #options: ChatsOptions;
  readonly #handles = new Map<string, ChatHandle>();
  readonly #order = new OverviewOrder();
  /** Views that are subscribed to, and those that were until lately: going back to them is instant. */
  readonly #watched = new Map<string, Watched>();
  readonly #left = new Map<string, Watched>();
  /** Chats whose line is not complete. */
  readonly #incomplete = new Set<string>();
  #lastMs = 0;
  readonly overview: Store<Overview>;

  constructor(options: ChatsOptions) {
    this.#options = options;
    this.overview = new Store<Overview>(options.notifier, (last) =>
      shared(last, { chats: this.#order.list(), isLoaded: options.session()?.isLoaded ?? false, status: this.#overviewStatus() }),
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

  get sending(): Sending {
    return this.#options.sending;
  }

  sessionBegan(session: Session): void {
    for (const watched of [...this.#watched.values(), ...this.#left.values()]) session.open(...watched);
  }

  statusChanged(): void {
    this.overview.changed();
    for (const handle of this.#handles.values()) handle.changed();
  }

  chatChanged(chatId: string, chat: ChatReplica): void {
    const wasIncomplete = this.#incomplete.delete(chatId);
    const isIncomplete = needOf(chat.entry).kind !== 'nothing';
    if (isIncomplete) this.#incomplete.add(chatId);
    if (this.#order.put(chatId, shownEntry(chat.entry)) || isIncomplete !== wasIncomplete) this.overview.changed();
    this.pendingChanged(chatId, chat);
  }

  /** What is shown by now is not pending any more, and what is pending may be shown already. */
  pendingChanged(chatId: string, chat = this.replica(chatId)): void {
    const { messages, seq } = shownOf(chat);
    this.#options.sending.settle(chatId, messages, seq);
    this.#handles.get(chatId)?.changed();
  }

  /** The last ones that nobody looks at any more are followed on; older ones are let go. */
  watch(chatId: string, view: ChatView, isWatched: boolean): void {
    const key = `${view} ${chatId}`;
    const session = this.#options.session();
    this.#left.delete(key);
    if (isWatched) {
      this.#watched.set(key, [chatId, view]);
      session?.open(chatId, view);
      return;
    }
    this.#watched.delete(key);
    this.#left.set(key, [chatId, view]);
    const [oldest] = this.#left;
    if (this.#left.size <= keptOpen || oldest === undefined) return;
    this.#left.delete(oldest[0]);
    session?.close(...oldest[1]);
  }

  async loadOlder(chatId: string, limit: number, signal: AbortSignal | undefined): Promise<void> {
    await this.#options.session()?.loadOlder(chatId, limit, signal);
  }

  markRead(chatId: string, messageNo: number | undefined): void {
    const entry = shownEntry(this.replica(chatId).entry);
    if (entry === undefined) return;
    const upTo = messageNo ?? entry.message_no;
    if (upTo > entry.read_message_no) this.#options.session()?.markRead(chatId, upTo);
  }

  send(chatId: string, { files, ...message }: OutgoingMessage): SentMessage {
    const content = { type: message.type ?? 'text', ...message };
    const id = this.add(chatId, { kind: 'send', content }, files);
    const { sending } = this;
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
    // No two at one time: their order is kept by it.
    this.#lastMs = Math.max(this.#options.clock.nowMs(), this.#lastMs + 1);
    this.#options.sending.add({ id, chatId, createdAtMs: this.#lastMs, operation, state: { kind: 'queued' } }, files);
    return id;
  }

  request<T>(method: string, chatId: string, path: string, body?: unknown): Promise<T> {
    return this.#options.api.request<T>(method, `/v1/chats/${encodeURIComponent(chatId)}${path}`, { body });
  }

  /** A hole in one line is a hole in the list. */
  #overviewStatus(): Status {
    return this.status === 'live' && this.#incomplete.size > 0 ? 'catching_up' : this.status;
  }
}

/** 128 random bits; unlike `randomUUID` also where a page is not a secure context. */
function newId(): string {
  return crypto.getRandomValues(new Uint32Array(4)).join('-');
}
