import type { ChatHandle } from './chat-handle.ts';
import { Chats } from './chats.ts';
import { type Clock, systemClock } from './clock.ts';
import { Connection, type ConnectionState, type ConnectionStats, type TicketOptions } from './connection.ts';
import { type Environment, pageEnvironment } from './environment.ts';
import { Api, type RequestOptions } from './http.ts';
import type { WebSocketConstructor } from './link.ts';
import { Pauses } from './pauses.ts';
import { type PendingStorage, Sending, type Upload } from './sending.ts';
import { Session, type SessionListener } from './session.ts';
import type { Overview, Status } from './status.ts';
import { Notifier, Store, type View } from './store.ts';
import type { Chat, ReadyFrame, Ticket } from './wire.ts';

export type ClientOptions = {
  /** Base of the HTTP API, without `/v1`. */
  readonly apiUrl: string;
  /** The user's token, from the app's own backend. `isRefused`: the last one was not taken, or ends soon. At most 10 s. */
  readonly getToken: (options: { readonly isRefused: boolean }) => string | Promise<string>;
  /** A connection ticket, where the app does not let the SDK buy it with the token. */
  readonly getTicket?: (options: TicketOptions) => Promise<Ticket>;
  /** Where pending sends survive a reload: `indexedDbStorage()` of `@carillon/client/storage`. Default: nowhere. */
  readonly storage?: PendingStorage;
  /** Puts the app's own upload in front of messages with `files`. */
  readonly upload?: Upload;
  /** Known beforehand, pending sends are there before the first connection. */
  readonly userId?: string;
  /** Default: the platform's own. Node 20 has none: hand in that of the package `ws`. */
  readonly WebSocket?: WebSocketConstructor;
  readonly fetch?: typeof fetch;
  readonly clock?: Clock;
  readonly random?: () => number;
  readonly environment?: Environment;
};

export type ClientEvents = {
  status: Status;
  /** Something failed; the SDK goes on by itself. */
  error: unknown;
  /** Nothing more comes until `connect()` is called again. */
  closed: Extract<ConnectionState, { kind: 'closed' }>['reason'];
};

type Listeners = { readonly [K in keyof ClientEvents]: Set<(value: ClientEvents[K]) => void> };

export type ClientStats = ConnectionStats & { readonly chats: number };

/**
 * A user's messenger: what its views show equals what is in Postgres, whatever the network does. Views are stores of immutable
 * snapshots (`subscribe`, `getSnapshot`): an untouched chat keeps its reference.
 */
export class Client {
  readonly #api: Api;
  readonly #connection: Connection;
  readonly #sending: Sending;
  readonly #chats: Chats;
  readonly #states: Store<ConnectionState>;
  readonly #listeners: Listeners = { status: new Set(), error: new Set(), closed: new Set() };
  readonly #clock: Clock;
  readonly #unhook: () => void;
  readonly #newSession: (userId: string) => Session;
  #session: Session | undefined;
  #userId: string | undefined;
  #status: Status;

  constructor(options: ClientOptions) {
    const {
      getTicket,
      clock = systemClock,
      random = Math.random,
      environment = pageEnvironment,
      fetch = (...args: Parameters<typeof globalThis.fetch>) => globalThis.fetch(...args),
      // Where pages are rendered there may be none: nothing connects there.
      WebSocket = globalThis.WebSocket as WebSocketConstructor | undefined,
    } = options;
    this.#clock = clock;
    this.#userId = options.userId;
    this.#status = { stale: { since: clock.nowMs() } };
    const failed = (error: unknown) => this.#emit('error', error);
    const notifier = new Notifier(failed);
    const pauses = new Pauses(clock, random);
    const api = new Api({ ...options, fetch, clock });
    this.#api = api;
    const parts = { ...options, WebSocket, clock, random, failed, notifier, pauses, api };
    const sending = new Sending({
      ...parts,
      changed: (chatId) => this.#chats.pendingChanged(chatId),
      sent: (chatId, message) => this.#session?.offerWatermark(chatId, message.seq),
    });
    this.#sending = sending;
    this.#chats = new Chats({ ...parts, sending, session: () => this.#session, status: () => this.#status });
    this.#newSession = (userId) => new Session({ ...parts, userId, listener: this.#sessionListener(userId) });
    this.#connection = new Connection({
      ...parts,
      getTicket: ({ avoidShardId, isExpired, signal }) => {
        if (isExpired) api.forgetToken();
        if (getTicket !== undefined) return getTicket({ avoidShardId, signal });
        const body = avoidShardId && { avoid_shard_id: avoidShardId };
        return api.request<Ticket>('POST', '/v1/tickets', { body, signal });
      },
      listener: {
        changed: (state) => this.#stateChanged(state),
        ready: (frame) => {
          this.#begin(frame);
          pauses.wake();
        },
        succeeded: ({ degraded }) => this.#session?.handOver(degraded),
        handedOver: () => this.#session?.checkHeads(),
        lost: () => this.#session?.end(),
        frame: (frame) => this.#session?.take(frame),
        miscounted: () => this.#session?.sync(),
      },
    });
    this.#states = new Store(notifier, () => this.#connection.state);
    this.#unhook = environment(() => {
      this.#connection.wake();
      pauses.wake();
      this.#session?.checkHeads();
    });
    if (options.userId !== undefined) void sending.start(options.userId);
  }

  /** Resolves with the first `live`; rejects when the connection is closed for good, the signal aborts the wait, or there is no WebSocket. */
  async connect({ signal }: { signal?: AbortSignal } = {}): Promise<void> {
    signal?.throwIfAborted();
    this.#connection.connect();
    if (this.#connection.state.kind === 'live') return;
    let settle: () => void = () => undefined;
    await new Promise<void>((resolve, reject) => {
      const onAbort = () => reject(signal?.reason);
      signal?.addEventListener('abort', onAbort);
      const offStatus = this.on('status', (status) => {
        if (status === 'live') resolve();
      });
      const offClosed = this.on('closed', (reason) => reject(new Error(`closed: ${JSON.stringify(reason)}`)));
      settle = () => {
        offStatus();
        offClosed();
        signal?.removeEventListener('abort', onAbort);
      };
    }).finally(settle);
  }

  /** Ends the connection. What is shown stays, stale; pending sends stay where they are stored. */
  close(): void {
    this.#connection.close();
  }

  /** Ends everything that this client started. It cannot be used any more. */
  dispose(): void {
    this.close();
    this.#sending.dispose();
    this.#unhook();
  }

  get status(): Status {
    return this.#status;
  }

  get userId(): string | undefined {
    return this.#userId;
  }

  /** The connection's state, for a status line. */
  get connection(): View<ConnectionState> {
    return this.#states;
  }

  get overview(): View<Overview> {
    return this.#chats.overview;
  }

  /** The same handle for the same chat. It loads while it is subscribed to. */
  chat(chatId: string): ChatHandle {
    return this.#chats.handle(chatId);
  }

  /** Answers how to stop listening. A listener that throws is reported as `error`; the others are told. */
  on<K extends keyof ClientEvents>(name: K, listener: (value: ClientEvents[K]) => void): () => void {
    this.#listeners[name].add(listener);
    return () => void this.#listeners[name].delete(listener);
  }

  /** Makes a group. Retried by the app with the same `client_chat_id`, it is the same group. */
  createGroup(group: { title: string; member_ids: readonly string[]; avatar_url?: string | null; client_chat_id?: string }): Promise<Chat> {
    return this.#create({ kind: 'group', ...group });
  }

  /** The direct chat with this user, new or not. */
  createDirect(userId: string): Promise<Chat> {
    return this.#create({ kind: 'direct', member_ids: [userId] });
  }

  /** Calls any route of the HTTP API as the user. Rejects with `ApiError`. */
  request<T>(method: string, path: string, options: RequestOptions = {}): Promise<T> {
    return this.#api.request<T>(method, path, options);
  }

  /** Looks whether anything was missed, at once. It is also looked by itself, every minute or so. */
  checkHeads(): void {
    this.#session?.checkHeads();
  }

  stats(): ClientStats {
    return { ...this.#connection.stats, chats: this.#session?.chats.size ?? 0 };
  }

  async #create(body: object): Promise<Chat> {
    const chat = await this.request<Chat>('POST', '/v1/chats', { body });
    this.#session?.offerWatermark(chat.id, chat.seq);
    return chat;
  }

  /** One client is one user: what one has written must not be sent as another. */
  #begin(ready: ReadyFrame): void {
    const { user_id } = ready;
    this.#userId ??= user_id;
    if (this.#userId !== user_id) {
      this.#connection.close('another_user');
      return;
    }
    if (this.#session === undefined) {
      this.#session = this.#newSession(user_id);
      this.#chats.sessionBegan(this.#session);
    }
    this.#session.begin(ready);
    void this.#sending.start(user_id);
  }

  #sessionListener(userId: string): SessionListener {
    return {
      chatChanged: (chatId, chat) => this.#chats.chatChanged(chatId, chat),
      event: ({ event, data }) => {
        if (event === 'message.created' && data.message.sender_id === userId) this.#sending.confirm(data.message);
      },
      synced: () => this.#connection.synced(),
      degraded: (isDegraded) => this.#connection.degraded(isDegraded),
    };
  }

  #stateChanged(state: ConnectionState): void {
    const status = this.#statusOf(state);
    this.#states.changed();
    if (state.kind === 'closed') this.#emit('closed', state.reason);
    if (status === this.#status) return;
    this.#status = status;
    this.#chats.statusChanged();
    this.#emit('status', status);
  }

  #statusOf(state: ConnectionState): Status {
    if (state.kind === 'live') return 'live';
    if (state.kind === 'syncing') return 'catching_up';
    if (typeof this.#status === 'object') return this.#status;
    return { stale: { since: this.#clock.nowMs() } };
  }

  #emit<K extends keyof ClientEvents>(name: K, value: ClientEvents[K]): void {
    for (const listener of [...this.#listeners[name]]) {
      try {
        listener(value);
      } catch (error) {
        if (name !== 'error') this.#emit('error', error);
      }
    }
  }
}

/** A client for one user. It does nothing until `connect()`. */
export function createClient(options: ClientOptions): Client {
  return new Client(options);
}
