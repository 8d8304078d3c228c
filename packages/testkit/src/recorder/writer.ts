import { type Message, messageSchema } from '@carillon/protocol';
import type { Answer, ApiClient } from '../api-client.ts';
import type { Write } from './history.ts';

/** A chat and who may write into it. */
export type Conversation = { readonly chatId: string; readonly memberIds: readonly string[] };

type WriterOptions = {
  readonly api: ApiClient;
  readonly conversations: readonly Conversation[];
  readonly perSecond: number;
  /** Of a message's text. */
  readonly textOf?: (n: number) => string;
};

const retryMs = { first: 100, longest: 1_000 };
/** Messages without a settled answer: the schedule waits above this, as the writers of a real outage would. */
const maxOpen = 200;
const giveUpMs = 60_000;

/**
 * Sends messages at a constant rate into its conversations, in turn, and records what was answered. As the contract asks, an outcome
 * that is unknown (5xx, 429, timeout, no answer) is tried again with the same `client_message_id` until it is known.
 */
export class Writer implements AsyncDisposable {
  readonly writes: Write[] = [];
  readonly #options: WriterOptions;
  readonly #open = new Set<Promise<void>>();
  readonly #run = crypto.randomUUID().slice(0, 8);
  readonly #stop = new AbortController();
  #giveUpAtMs = Number.POSITIVE_INFINITY;
  #loop: Promise<void> = Promise.resolve();

  constructor(options: WriterOptions) {
    this.#options = options;
  }

  start(): void {
    this.#loop = this.#flow();
  }

  /** Sends one message beside the flow; resolves when its outcome is known. */
  async send(chatId: string, senderId: string, text: string): Promise<Write> {
    const write = this.#record(chatId, senderId, text);
    await this.#settle(write);
    return write;
  }

  /** How many messages were answered 2xx so far. */
  get answered(): number {
    return this.writes.filter((write) => write.outcome === 'ok').length;
  }

  /** Starts no more messages and waits until every outcome is known, for 60 s at most: what is open then is `info`. */
  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#loop;
    this.#giveUpAtMs = performance.now() + giveUpMs;
    await Promise.all(this.#open);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    this.#giveUpAtMs = 0;
    await this.#loop;
    await Promise.all(this.#open);
  }

  async #flow(): Promise<void> {
    const { conversations, perSecond, textOf = (n: number) => `text ${n}` } = this.#options;
    const startedAtMs = performance.now();
    for (let n = 0; !this.#stop.signal.aborted; n += 1) {
      await pause(startedAtMs + (n * 1000) / perSecond - performance.now());
      while (this.#open.size >= maxOpen && !this.#stop.signal.aborted) await Promise.race(this.#open);
      const { chatId, memberIds } = conversations[n % conversations.length] ?? { chatId: '', memberIds: [] };
      const senderId = memberIds[Math.floor(n / conversations.length) % memberIds.length] ?? '';
      this.#begin(this.#record(chatId, senderId, textOf(n)));
    }
  }

  #record(chatId: string, senderId: string, text: string): Write {
    const clientMessageId = `${this.#run}-${this.writes.length}`;
    const write: Write = { chatId, senderId, clientMessageId, text, attempts: [], outcome: 'open', message: undefined };
    this.writes.push(write);
    return write;
  }

  #begin(write: Write): void {
    const settled = this.#settle(write).finally(() => this.#open.delete(settled));
    this.#open.add(settled);
  }

  async #settle(write: Write): Promise<void> {
    for (let waitMs = retryMs.first; write.outcome === 'open'; waitMs = Math.min(retryMs.longest, waitMs * 2)) {
      await this.#try(write);
      if (write.outcome !== 'open') return;
      if (performance.now() > this.#giveUpAtMs) write.outcome = 'info';
      else await pause(waitMs * (0.5 + Math.random()));
    }
  }

  async #try(write: Write): Promise<void> {
    const atMs = performance.now();
    const body = { client_message_id: write.clientMessageId, type: 'text', text: write.text };
    const answer = await this.#options.api.call(write.senderId, 'POST', `/v1/chats/${write.chatId}/messages`, body).catch(silence);
    write.attempts.push({ atMs, endedAtMs: performance.now(), status: typeof answer === 'string' ? answer : answer.status });
    if (typeof answer !== 'string') judge(write, answer);
  }
}

/** 5xx and 429 leave it open: what a server that is overloaded or dying has stored is not known. */
function judge(write: Write, { status, body }: Answer): void {
  if (status === 200 || status === 201) {
    write.message = parse(body);
    write.outcome = 'ok';
  } else if (status < 500 && status !== 429) write.outcome = 'fail';
}

function parse(body: unknown): Message {
  return messageSchema.parse(body);
}

function silence(error: unknown): 'timeout' | 'no answer' {
  return error instanceof Error && error.name === 'TimeoutError' ? 'timeout' : 'no answer';
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, Math.max(0, ms)));
}
