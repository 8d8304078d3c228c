import type { WebSocketConstructor } from '../link.ts';
import type { Event, ReadyFrame, ServerFrame } from '../wire.ts';
import { FakeSocket } from './fake-socket.ts';
import { ModelServer } from './model-server.ts';

export type FakeRequest = { readonly method: string; readonly path: string; readonly query: URLSearchParams; readonly body: unknown };

/** An answer that a test scripts. `lose`: the server does it, but its answer does not come. */
export type ScriptedAnswer = { readonly status: number; readonly code?: string; readonly retryAfterSeconds?: number } | 'lose';

/**
 * A Carillon server in memory for the tests of an app: hand its `fetch` and `WebSocket` to `createClient`. What happens on it is
 * told by `act`; what the network does is scripted with `answerNext`, `isHolding`, `lose` and the sockets themselves.
 *
 *     const server = new FakeServer({ userId: 'me' });
 *     server.act((model) => model.createChat('c1', ['ann']));
 *     const client = createClient({ apiUrl: server.apiUrl, fetch: server.fetch, WebSocket: server.WebSocket, getToken: () => 'any' });
 */
export class FakeServer {
  readonly apiUrl = 'http://fake.test';
  readonly model: ModelServer;
  readonly requests: FakeRequest[] = [];
  readonly sockets: FakeSocket[] = [];
  /** What `ready` says beside the defaults. */
  ready: Partial<ReadyFrame> = {};
  /** While true, a new socket gets no `ready`. */
  isHolding = false;
  /** Which pushed frames are lost on the way. */
  lose: (frame: ServerFrame) => boolean = () => false;
  readonly #scripts: { matches: (request: FakeRequest) => boolean; answer: ScriptedAnswer }[] = [];
  readonly #pushed = new Map<string, number>();
  readonly #clockMs: () => number;
  #tickets = 0;

  constructor({ userId, nowMs = () => Date.now() }: { userId: string; nowMs?: () => number }) {
    this.model = new ModelServer(userId);
    this.#clockMs = nowMs;
  }

  readonly fetch: typeof fetch = async (input, init) => {
    init?.signal?.throwIfAborted();
    const url = new URL(String(input));
    const body: unknown = typeof init?.body === 'string' ? JSON.parse(init.body) : undefined;
    const request = { method: init?.method ?? 'GET', path: url.pathname, query: url.searchParams, body };
    this.requests.push(request);
    const at = this.#scripts.findIndex(({ matches }) => matches(request));
    const [script] = at === -1 ? [] : this.#scripts.splice(at, 1);
    if (script !== undefined && script.answer !== 'lose') return problem(script.answer);
    const answer = this.#route(request);
    this.flush();
    await Promise.resolve();
    if (script?.answer === 'lose') throw new TypeError('fetch failed');
    init?.signal?.throwIfAborted();
    return answer;
  };

  /** A constructor whose sockets are connected to this server. */
  get WebSocket(): WebSocketConstructor {
    const server = this;
    return class extends FakeSocket {
      constructor(url: string, protocols: string[]) {
        super(url, protocols, () => undefined);
        server.#accept(this);
      }
    };
  }

  /** The connected socket that was opened last. */
  get socket(): FakeSocket {
    const socket = this.sockets.findLast(({ isOpen }) => isOpen);
    if (socket === undefined) throw new Error('no client is connected');
    return socket;
  }

  /** Something happens on the server; its events are pushed. */
  act<T>(change: (model: ModelServer) => T): T {
    const result = change(this.model);
    this.flush();
    return result;
  }

  /** The next request to this route (a method, and a path that ends so) is answered like this. Several are kept, in order. */
  answerNext(method: string, path: string, answer: ScriptedAnswer): void {
    this.#scripts.push({ matches: (request) => request.method === method && request.path.endsWith(path), answer });
  }

  /** Every socket gets a heartbeat with its true count. */
  heartbeat(pos?: string): void {
    for (const socket of this.sockets) socket.push({ type: 'heartbeat', sent: socket.sent, ...(pos === undefined ? {} : { pos }) });
  }

  push(frame: ServerFrame | { readonly type: string }): void {
    for (const socket of this.sockets) if (socket.isOpen) socket.push(frame, 'chat_id' in frame && this.lose(frame));
  }

  /** Sends `ready` to a socket that was held. */
  release(socket = this.socket): void {
    const frame: ReadyFrame = {
      type: 'ready',
      connection_id: `connection-${this.sockets.length}`,
      user_id: this.model.me,
      shard_id: 'shard-0',
      heartbeat_ms: 20_000,
      expires_at: new Date(this.#clockMs() + 3_600_000).toISOString(),
      resumed: false,
      degraded: false,
      ...this.ready,
    };
    socket.push(frame);
  }

  /** Pushes what has happened and was not pushed. */
  flush(): void {
    for (const chatId of this.model.moments.keys()) {
      const after = this.#pushed.get(chatId) ?? 0;
      this.#pushed.set(chatId, this.model.now(chatId).chat.seq);
      for (const event of this.model.pushable(chatId)) if (event.seq > after) this.push(event);
    }
  }

  #accept(socket: FakeSocket): void {
    this.sockets.push(socket);
    queueMicrotask(() => {
      if (!this.isHolding && socket.isOpen) this.release(socket);
    });
  }

  #route(request: FakeRequest): Response {
    const { method, path, query, body } = request;
    const [, , root = '', chatId = ''] = path.split('/').map(decodeURIComponent);
    if (root === 'tickets') return json(201, this.#ticket());
    if (root === 'dev') return json(201, { token: 'token', expires_at: new Date(this.#clockMs() + 3_600_000).toISOString() });
    if (root === 'sync') return json(200, this.#sync(query));
    if (root === 'heads') return json(200, this.#heads(query));
    if (root !== 'chats') return problem({ status: 404 });
    if (chatId === '' && method === 'POST') return this.#create(fieldsOf(body));
    if (chatId === '') return json(200, { chats: this.model.overview(), next_cursor: null, sync_cursor: String(this.model.commit) });
    return this.#routeChat(chatId, request);
  }

  #routeChat(chatId: string, { method, path, query, body }: FakeRequest): Response {
    const [, , , , part = '', id = ''] = path.split('/').map(decodeURIComponent);
    if (!this.model.moments.has(chatId) || !this.model.isMember(chatId)) return problem({ status: 404 });
    if (part === '') return json(200, this.model.entry(chatId));
    if (part === 'events') return this.#events(chatId, query);
    if (part === 'members') return json(200, this.model.members(chatId, 100, query.get('cursor') ?? ''));
    if (part === 'read') return json(200, { read_message_no: this.model.read(chatId, fieldsOf(body).message_no ?? 0) });
    if (part === 'messages') return this.#messages(method, chatId, id, query, fieldsOf(body));
    return problem({ status: 404 });
  }

  #create({ member_ids = [] }: Fields): Response {
    const chatId = `chat-${this.model.moments.size + 1}`;
    this.model.createChat(chatId, member_ids);
    return json(201, this.model.now(chatId).chat);
  }

  #messages(method: string, chatId: string, id: string, query: URLSearchParams, body: Fields): Response {
    const { model } = this;
    const at = model.now(chatId).messages.findIndex((message) => message.id === id);
    if (method === 'GET') {
      const before = query.get('before_seq');
      return json(200, model.page(chatId, Number(query.get('limit') ?? 50), before === null ? undefined : Number(before)));
    }
    if (method === 'POST') return json(201, model.send(chatId, model.me, body.client_message_id ?? '', body.text ?? ''));
    if (at === -1) return problem({ status: 404 });
    if (method === 'DELETE') {
      model.delete(chatId, at);
      return new Response(null, { status: 204 });
    }
    model.edit(chatId, at, body.text ?? '');
    return json(200, model.now(chatId).messages[at]);
  }

  #events(chatId: string, query: URLSearchParams): Response {
    const answer = this.model.events(chatId, Number(query.get('after_seq')), Number(query.get('limit') ?? 50));
    if (answer === 'not_found') return problem({ status: 404 });
    return answer === 'pruned' ? problem({ status: 410, code: 'events_pruned' }) : json(200, answer);
  }

  #sync(query: URLSearchParams): { events: Event[]; next_cursor: string; has_more: boolean; too_long: boolean } {
    const cursor = query.get('cursor') ?? '';
    const { events, next } = this.model.sync(Number(cursor));
    const isKnown = /^\d+$/.test(cursor);
    return { events: isKnown ? events : [], next_cursor: String(next), has_more: false, too_long: !isKnown };
  }

  #heads(query: URLSearchParams) {
    const { heads, next } = this.model.heads(Number(query.get('cursor')));
    return { heads, next_cursor: String(next), has_more: false, too_long: false };
  }

  #ticket() {
    this.#tickets += 1;
    return {
      ticket: `ticket-${this.#tickets}`,
      url: 'ws://shard-0.test',
      shard_id: 'shard-0',
      expires_at: new Date(this.#clockMs() + 60_000).toISOString(),
    };
  }
}

type Fields = {
  readonly member_ids?: readonly string[];
  readonly client_message_id?: string;
  readonly text?: string;
  readonly message_no?: number;
};

function fieldsOf(body: unknown): Fields {
  return typeof body === 'object' && body !== null ? body : {};
}

function json(status: number, body: unknown): Response {
  return new Response(JSON.stringify(body), { status, headers: { 'content-type': 'application/json' } });
}

function problem({
  status,
  code = status === 404 ? 'not_found' : 'unavailable',
  retryAfterSeconds,
}: Exclude<ScriptedAnswer, 'lose'>): Response {
  const headers: Record<string, string> = { 'content-type': 'application/problem+json' };
  if (retryAfterSeconds !== undefined) headers['retry-after'] = String(retryAfterSeconds);
  return new Response(JSON.stringify({ type: `urn:carillon:problem:${code}`, status, code, title: code, detail: code }), {
    status,
    headers,
  });
}
