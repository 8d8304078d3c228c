import { z } from 'zod';

const chatSchema = z.object({ id: z.string() });
const messageSchema = z.object({ id: z.string() });
const ticketSchema = z.object({ ticket: z.string() });

const answerMs = 5_000;

/** The calls that the canary makes, as any client would. Every one rejects with one sentence within 5 s. */
export class CanaryApi {
  readonly #url: string;
  readonly #token: () => Promise<string>;

  constructor(url: string, token: () => Promise<string>) {
    this.#url = url.replace(/\/$/, '');
    this.#token = token;
  }

  /** Its own chat, without other members; made by the first call of all. */
  async openChat(): Promise<string> {
    const body = { kind: 'group', client_chat_id: 'carillon-canary', title: 'Carillon canary', member_ids: [] };
    return chatSchema.parse(await this.#call('POST', '/v1/chats', body)).id;
  }

  async send(chatId: string, clientMessageId: string, text: string): Promise<string> {
    const body = { client_message_id: clientMessageId, type: 'text', text };
    return messageSchema.parse(await this.#call('POST', `/v1/chats/${chatId}/messages`, body)).id;
  }

  async edit(chatId: string, messageId: string, text: string): Promise<void> {
    await this.#call('PATCH', `/v1/chats/${chatId}/messages/${messageId}`, { text });
  }

  async takeTicket(): Promise<string> {
    return ticketSchema.parse(await this.#call('POST', '/v1/tickets', {})).ticket;
  }

  async #call(method: string, path: string, body: object): Promise<unknown> {
    const headers = { 'content-type': 'application/json', authorization: `Bearer ${await this.#token()}` };
    const signal = AbortSignal.timeout(answerMs);
    const answer = await fetch(`${this.#url}${path}`, { method, headers, body: JSON.stringify(body), signal });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${method} ${path} answered ${answer.status}: ${text.slice(0, 200)}`);
    return JSON.parse(text);
  }
}
