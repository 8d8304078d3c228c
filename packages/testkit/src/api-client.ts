import type { Chat, Message } from '@carillon/protocol';
import { z } from 'zod';

export type Answer = { readonly status: number; readonly headers: Headers; readonly body: unknown };

const tokenSchema = z.object({ token: z.string() });
const ticketSchema = z.object({ ticket: z.string(), url: z.string(), shard_id: z.string(), expires_at: z.string() });
const defaultTimeoutMs = 15_000;

/** Calls the HTTP API as any user, with development tokens. One token per user, kept. */
export class ApiClient {
  readonly #url: () => string;
  readonly #timeoutMs: number;
  readonly #tokens = new Map<string, Promise<string>>();

  /** `url` may be asked before each call: an API that was started again has another one. */
  constructor(url: string | (() => string), options: { timeoutMs?: number } = {}) {
    this.#timeoutMs = options.timeoutMs ?? defaultTimeoutMs;
    this.#url = typeof url === 'string' ? () => url : url;
  }

  get url(): string {
    return this.#url();
  }

  token(userId: string): Promise<string> {
    const known = this.#tokens.get(userId);
    if (known !== undefined) return known;
    const token = this.#send('POST', '/v1/dev/tokens', { user_id: userId }, {}).then((answer) => tokenSchema.parse(answer.body).token);
    this.#tokens.set(userId, token);
    token.catch(() => this.#tokens.delete(userId));
    return token;
  }

  /** The answer, whatever its status. */
  async call(userId: string, method: string, path: string, body?: unknown): Promise<Answer> {
    return this.#send(method, path, body, { authorization: `Bearer ${await this.token(userId)}` });
  }

  /** The body of an answer below 300; anything else is an error that shows the problem. */
  async expect<T = unknown>(userId: string, method: string, path: string, body?: unknown): Promise<T> {
    const answer = await this.call(userId, method, path, body);
    if (answer.status >= 300) throw new Error(`${method} ${path} as ${userId} answered ${answer.status}: ${JSON.stringify(answer.body)}`);
    return answer.body as T;
  }

  async ticket(userId: string, body?: { avoid_shard_id: string }): Promise<z.infer<typeof ticketSchema>> {
    return ticketSchema.parse(await this.expect(userId, 'POST', '/v1/tickets', body));
  }

  createGroup(userId: string, memberIds: readonly string[], title = 'A group'): Promise<Chat> {
    return this.expect<Chat>(userId, 'POST', '/v1/chats', { kind: 'group', title, member_ids: memberIds });
  }

  createDirect(userId: string, otherId: string): Promise<Chat> {
    return this.expect<Chat>(userId, 'POST', '/v1/chats', { kind: 'direct', member_ids: [otherId] });
  }

  sendText(userId: string, chatId: string, clientMessageId: string, text: string): Promise<Message> {
    return this.expect<Message>(userId, 'POST', `/v1/chats/${chatId}/messages`, { client_message_id: clientMessageId, type: 'text', text });
  }

  async #send(method: string, path: string, body: unknown, headers: Record<string, string>): Promise<Answer> {
    const init: RequestInit = { method, headers, signal: AbortSignal.timeout(this.#timeoutMs) };
    if (body !== undefined) {
      init.headers = { ...headers, 'content-type': 'application/json' };
      init.body = JSON.stringify(body);
    }
    const answer = await fetch(`${this.url}${path}`, init);
    const text = await answer.text();
    const isJson = answer.headers.get('content-type')?.includes('json') === true && text !== '';
    return { status: answer.status, headers: answer.headers, body: isJson ? JSON.parse(text) : text };
  }
}
