import http, { type RefinedResponse } from 'k6/http';
import { token } from './auth.ts';
import { count } from './metrics.ts';
import { target } from './settings.ts';

export type Ticket = { readonly url: string; readonly ticket: string; readonly shardId: string | undefined };
export type SeenEvent = { readonly chatId: string; readonly seq: number; readonly text: string };
type Answer = RefinedResponse<'text'>;

const timeout = '10s';
const unanswered = 0;

/** One user's calls. Asynchronous ones let the VU's other sockets go on; each is one try, and `undefined` when it failed. */
export class Api {
  readonly #headers: Record<string, string>;

  constructor(userId: string) {
    this.#headers = { authorization: `Bearer ${token(userId)}`, 'content-type': 'application/json' };
  }

  /** Blocks the VU: for publishers and the set-up. */
  callNow(method: string, path: string, name: string, body?: object): Answer {
    const answer = http.request(method, `${target}${path}`, body === undefined ? null : JSON.stringify(body), this.#params(name));
    countAnswer(answer);
    return answer as Answer;
  }

  async ticket(avoidShardId: string | undefined): Promise<Ticket | undefined> {
    const body = avoidShardId === undefined ? {} : { avoid_shard_id: avoidShardId };
    const answer = await this.#call('POST', '/v1/tickets', 'ticket', body);
    if (answer?.status !== 201) return undefined;
    const { url, ticket, shard_id } = parse<{ url: string; ticket: string; shard_id: string }>(answer);
    return { url, ticket, shardId: shard_id };
  }

  /** The newest chat's `seq` and the cursor that catching up begins with. */
  async snapshot(): Promise<{ chatId: string; seq: number; cursor: string } | undefined> {
    const answer = await this.#call('GET', '/v1/chats?limit=1', 'overview');
    if (answer?.status !== 200) return undefined;
    const { chats, sync_cursor } = parse<{ chats: { id: string; seq: number }[]; sync_cursor: string }>(answer);
    return { chatId: chats[0]?.id ?? '', seq: chats[0]?.seq ?? 0, cursor: sync_cursor };
  }

  /** One page of what was missed. */
  async sync(cursor: string): Promise<{ events: SeenEvent[]; cursor: string; hasMore: boolean; isTooLong: boolean } | undefined> {
    const answer = await this.#call('GET', `/v1/sync?limit=100&cursor=${encodeURIComponent(cursor)}`, 'sync');
    if (answer?.status !== 200) return undefined;
    const page = parse<{ events: WireEvent[]; next_cursor: string; has_more: boolean; too_long: boolean }>(answer);
    return { events: page.events.map(seenEvent), cursor: page.next_cursor, hasMore: page.has_more, isTooLong: page.too_long };
  }

  async events(chatId: string, afterSeq: number): Promise<{ events: SeenEvent[]; hasMore: boolean } | undefined> {
    const answer = await this.#call('GET', `/v1/chats/${chatId}/events?limit=100&after_seq=${afterSeq}`, 'events');
    if (answer?.status !== 200) return undefined;
    const page = parse<{ events: WireEvent[]; has_more: boolean }>(answer);
    return { events: page.events.map(seenEvent), hasMore: page.has_more };
  }

  async heads(cursor: string): Promise<{ heads: { chat_id: string; seq: number }[] } | undefined> {
    const answer = await this.#call('GET', `/v1/heads?cursor=${encodeURIComponent(cursor)}`, 'heads');
    return answer?.status === 200 ? parse<{ heads: { chat_id: string; seq: number }[] }>(answer) : undefined;
  }

  async chatSeq(chatId: string): Promise<number | undefined> {
    const answer = await this.#call('GET', `/v1/chats/${chatId}`, 'chat');
    return answer?.status === 200 ? parse<{ seq: number }>(answer).seq : undefined;
  }

  async #call(method: string, path: string, name: string, body?: object): Promise<Answer | undefined> {
    const text = body === undefined ? null : JSON.stringify(body);
    const answer = await http.asyncRequest(method, `${target}${path}`, text, this.#params(name));
    countAnswer(answer);
    return answer.status === unanswered ? undefined : (answer as Answer);
  }

  #params(name: string) {
    return { headers: this.#headers, timeout, tags: { name } };
  }
}

type WireEvent = { chat_id: string; seq: number; data: { message?: { text: string | null } } };

function seenEvent({ chat_id, seq, data }: WireEvent): SeenEvent {
  return { chatId: chat_id, seq, text: data.message?.text ?? '' };
}

function parse<T>(answer: Answer): T {
  return JSON.parse(answer.body) as T;
}

/** What the API could not answer counts against its objective; what it refused for a reason does not. */
function countAnswer(answer: { status: number }): void {
  count.apiSuccess.add(answer.status !== unanswered && answer.status < 500);
}
