import type { OverviewEntry, WebSocketConstructor, WebSocketLike } from '@carillon/client';

type Listener = (event: { data: unknown; code: number; reason: string }) => void;

const at = '2026-01-01T00:00:00.000Z';
const ready = {
  type: 'ready',
  connection_id: 'c',
  user_id: 'me',
  shard_id: 'shard-0',
  heartbeat_ms: 3_600_000,
  expires_at: '2100-01-01T00:00:00.000Z',
  resumed: false,
  degraded: false,
};

/**
 * The server's side of a client, answered from memory without waiting. What it takes itself, making and parsing pages, is not the
 * client's time. Chats have three members; nothing is in them but what the bench sends.
 */
export class StubServer {
  readonly chatIds: readonly string[];
  /** How many messages the next sync tells, each of any chat, in pages of 100 as the API's. */
  missed = 0;
  /** What the client took with the pages of that sync, but the last one: from each answer to the next request. */
  clientMs = 0;
  #answeredAtMs: number | undefined;
  readonly #seqs = new Map<string, number>();
  #total = 0;
  #random = 1;
  #messages: Listener | undefined;

  constructor(chats: number) {
    this.chatIds = Array.from({ length: chats }, (_, n) => `0199c0de-0000-7000-8000-${n.toString(16).padStart(12, '0')}`);
  }

  /** The next message of this chat, as JSON. */
  message(chatId: string): string {
    const seq = (this.#seqs.get(chatId) ?? 1) + 1;
    this.#seqs.set(chatId, seq);
    this.#total += 1;
    const id = `${chatId.slice(0, -4)}${seq.toString(16).padStart(4, '0')}`;
    const text = `Message number ${seq} of this chat, as long as people's are`;
    // Activity moves: each new message takes its chat to the top.
    const date = new Date(1_800_000_000_000 + this.#total).toISOString();
    return (
      `{"type":"event","event":"message.created","chat_id":"${chatId}","seq":${seq},"actor_id":"ann","at":"${date}","data":{"message":` +
      `{"id":"${id}","chat_id":"${chatId}","seq":${seq},"message_no":${seq - 1},"sender_id":"ann","client_message_id":"${id}",` +
      `"type":"text","text":"${text}","attachments":[],"date":"${date}","edited_at":null,"deleted_at":null}}}`
    );
  }

  /** One frame, as its bytes arrive. */
  push(frame: string): void {
    this.#messages?.({ data: frame, code: 0, reason: '' });
  }

  readonly fetch: typeof fetch = async (input) => {
    if (this.#answeredAtMs !== undefined) this.clientMs += performance.now() - this.#answeredAtMs;
    const { pathname, searchParams } = new URL(String(input));
    const body = this.#answer(pathname, searchParams);
    // All that the client reads of a response.
    const answer = Object.create(Response.prototype, { ok: { value: true }, status: { value: 200 }, json: { value: async () => body } });
    this.#answeredAtMs = 'has_more' in body && body.has_more === true ? performance.now() : undefined;
    return answer;
  };

  get WebSocket(): WebSocketConstructor {
    const server = this;
    return class implements WebSocketLike {
      constructor() {
        queueMicrotask(() => server.push(JSON.stringify(ready)));
      }
      addEventListener(type: string, listener: Listener): void {
        if (type === 'message') server.#messages = listener;
      }
      send(): void {
        // Pings and credentials: nobody reads them here.
      }
      close(): void {
        server.#messages = undefined;
      }
    };
  }

  #answer(path: string, query: URLSearchParams): object {
    if (path === '/v1/tickets') return { ticket: 't', url: 'ws://stub', shard_id: 'shard-0', expires_at: ready.expires_at };
    if (path === '/v1/sync') return this.#sync(Number(query.get('cursor')));
    if (path === '/v1/heads') return { heads: [], next_cursor: query.get('cursor'), has_more: false, too_long: false };
    if (path === '/v1/chats') return { chats: this.chatIds.map(entryOf), next_cursor: null, sync_cursor: '0' };
    return { messages: [], seq: this.#seqs.get(path.split('/')[3] ?? '') ?? 1, has_more_before: false, has_more_after: false };
  }

  /** Just parsed, as every real page is: an event is no larger than it is elsewhere, and no older. */
  #sync(from: number) {
    const next = Math.min(from + 100, this.missed);
    const events = Array.from({ length: next - from }, () => this.message(this.#anyChatId()));
    const has_more = next < this.missed;
    return { events: JSON.parse(`[${events.join()}]`), next_cursor: has_more ? String(next) : '0', has_more, too_long: false };
  }

  /** The same ones in every round. In turn would be kind: then no line passes another. */
  #anyChatId(): string {
    this.#random = (Math.imul(this.#random, 1_664_525) + 1_013_904_223) >>> 0;
    return this.chatIds[(this.#random >>> 8) % this.chatIds.length] ?? '';
  }
}

function entryOf(id: string): OverviewEntry {
  return {
    ...{ id, kind: 'group', title: `Chat ${id.slice(-4)}`, avatar_url: null, created_by: 'ann', created_at: at, deleted_at: null },
    ...{ seq: 1, message_no: 0, member_count: 3, last_message: null, my_role: 'member', my_joined_seq: 1 },
    ...{ read_message_no: 0, unread_count: 0 },
  };
}
