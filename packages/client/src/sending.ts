import { backoffMs, type Clock } from './clock.ts';
import { type Api, ApiError } from './http.ts';
import {
  confirmSend,
  type MessageContent,
  maxPending,
  maxPendingAgeMs,
  nextPending,
  type PendingSend,
  type SendError,
  settleSends,
} from './pending-sends.ts';
import type { Attachment, Message } from './wire.ts';

/** Where pending sends survive a reload. What it rejects with is reported, and sending goes on without it. */
export type PendingStorage = {
  load(userId: string): Promise<readonly PendingSend[]>;
  save(userId: string, send: PendingSend): Promise<void>;
  remove(userId: string, id: string): Promise<void>;
};

/** Brings a file to where messages can point at it; the app's own. */
export type Upload = (file: unknown, options: { readonly signal: AbortSignal }) => Promise<Attachment>;

export type SendingOptions = {
  readonly api: Api;
  readonly clock: Clock;
  readonly random: () => number;
  readonly storage: PendingStorage | undefined;
  readonly upload: Upload | undefined;
  readonly changed: (chatId: string) => void;
  /** The server has the message: it will come as an event. */
  readonly sent: (chatId: string, message: Message) => void;
  readonly failed: (error: unknown) => void;
};

const none: readonly PendingSend[] = [];

/**
 * Sends what the user did: per chat one at a time and in order, stored before the first attempt, tried again with the same id
 * until the server has answered for good. What the server refuses is `failed` and holds up nothing.
 */
export class Sending {
  readonly #options: SendingOptions;
  readonly #sends = new Map<string, readonly PendingSend[]>();
  readonly #files = new Map<string, readonly unknown[]>();
  readonly #running = new Set<string>();
  readonly #waiting = new Set<() => void>();
  readonly #stored = new Set<string>();
  readonly #stop = new AbortController();
  #userId: string | undefined;

  constructor(options: SendingOptions) {
    this.#options = options;
  }

  of(chatId: string): readonly PendingSend[] {
    return this.#sends.get(chatId) ?? none;
  }

  find(chatId: string, id: string): PendingSend | undefined {
    return this.of(chatId).find((send) => send.id === id);
  }

  /** From now on sends are of this user: what was left from an earlier time comes first. Called once. */
  async start(userId: string): Promise<void> {
    const { storage, clock, failed } = this.#options;
    const kept = await (storage?.load(userId) ?? Promise.resolve(none)).catch((error: unknown) => {
      failed(error);
      return none;
    });
    if (this.#userId !== undefined) return;
    this.#userId = userId;
    for (const send of kept) {
      this.#stored.add(send.id);
      if (clock.nowMs() - send.createdAtMs > maxPendingAgeMs) this.#forget(send);
      else this.#restore(send);
    }
    for (const chatId of this.#sends.keys()) this.#run(chatId);
  }

  /** Queues an operation. Throws when 500 wait already. */
  add(send: PendingSend, files: readonly unknown[] = []): void {
    const count = [...this.#sends.values()].reduce((sum, sends) => sum + sends.length, 0);
    if (count >= maxPending) throw new Error(`${maxPending} operations are pending already`);
    if (files.length > 0) this.#files.set(send.id, files);
    this.#set(send.chatId, [...this.of(send.chatId), send]);
    this.#run(send.chatId);
  }

  /** Tries a failed one again, with the same id. */
  retry(chatId: string, id: string): void {
    const send = this.find(chatId, id);
    if (send?.state.kind !== 'failed') return;
    this.#update({ ...send, state: { kind: 'queued' } });
    this.#run(chatId);
  }

  /** Forgets one that is not on its way. */
  discard(chatId: string, id: string): void {
    const send = this.find(chatId, id);
    if (send === undefined || send.state.kind === 'sending') return;
    this.#set(
      chatId,
      this.of(chatId).filter((other) => other !== send),
    );
    this.#forget(send);
  }

  /** One's own message came as an event. */
  confirm(message: Message): void {
    const sends = this.of(message.chat_id);
    if (sends.length > 0) this.#set(message.chat_id, confirmSend(sends, message));
  }

  /** What the timeline shows by now is not pending any more [C5]. */
  settle(chatId: string, messages: readonly Message[], seq: number): void {
    const sends = this.of(chatId);
    if (sends.length === 0) return;
    const open = settleSends(sends, messages, seq);
    for (const send of sends) if (!open.includes(send)) this.#forget(send);
    this.#set(chatId, open);
  }

  /** The network is back: whoever waits for a later attempt tries now. */
  wake(): void {
    for (const wake of [...this.#waiting]) wake();
  }

  dispose(): void {
    this.#stop.abort(new Error('the client is closed'));
    this.wake();
  }

  #restore(send: PendingSend): void {
    const isKnown = this.find(send.chatId, send.id) !== undefined;
    const queued: PendingSend = send.state.kind === 'sending' ? { ...send, state: { kind: 'queued' } } : send;
    if (!isKnown)
      this.#set(
        send.chatId,
        [queued, ...this.of(send.chatId)].sort((a, b) => a.createdAtMs - b.createdAtMs),
      );
  }

  #set(chatId: string, sends: readonly PendingSend[]): void {
    if (sends === this.of(chatId)) return;
    if (sends.length === 0) this.#sends.delete(chatId);
    else this.#sends.set(chatId, sends);
    this.#options.changed(chatId);
  }

  #update(send: PendingSend): void {
    this.#set(
      send.chatId,
      this.of(send.chatId).map((other) => (other.id === send.id ? send : other)),
    );
  }

  #run(chatId: string): void {
    if (this.#userId === undefined || this.#running.has(chatId)) return;
    this.#running.add(chatId);
    void this.#sendAll(chatId).finally(() => this.#running.delete(chatId));
  }

  /** Never rejects. */
  async #sendAll(chatId: string): Promise<void> {
    let failures = 0;
    for (;;) {
      const send = nextPending(this.of(chatId));
      if (send === undefined || this.#stop.signal.aborted) return;
      await this.#store(send);
      this.#update({ ...send, state: { kind: 'sending' } });
      const outcome = await this.#attempt(send);
      // By now its event may have come.
      const now = this.find(chatId, send.id);
      failures = outcome.kind === 'unknown' ? failures + 1 : 0;
      if (outcome.kind === 'unknown') {
        if (now?.state.kind === 'sending') this.#update({ ...now, state: { kind: 'queued' } });
        if (this.#stop.signal.aborted) return;
        await this.#pause(outcome.waitMs + backoffMs(failures, this.#options.random));
      } else if (outcome.kind === 'failed') await this.#fail(send, outcome.error);
      else {
        if (now?.state.kind === 'sending') this.#update({ ...now, state: { kind: 'sent', message: outcome.message } });
        if (outcome.message !== undefined) this.#options.sent(chatId, outcome.message);
      }
    }
  }

  async #fail(send: PendingSend, error: SendError): Promise<void> {
    const failed: PendingSend = { ...send, state: { kind: 'failed', error } };
    this.#update(failed);
    await this.#store(failed, true);
  }

  async #attempt(send: PendingSend): Promise<Outcome> {
    try {
      const uploaded = await this.#uploaded(send);
      return { kind: 'sent', message: await this.#request(uploaded) };
    } catch (error) {
      if (this.#stop.signal.aborted) return { kind: 'unknown', waitMs: 0 };
      if (error instanceof ApiError && error.isRetryable) return { kind: 'unknown', waitMs: error.retryAfterMs };
      this.#options.failed(error);
      if (error instanceof ApiError) return { kind: 'failed', error: { status: error.status, code: error.code, detail: error.message } };
      return { kind: 'failed', error: { status: 0, code: 'upload_failed', detail: String(error) } };
    }
  }

  #request({ id, chatId, operation }: PendingSend): Promise<Message | undefined> {
    const { api } = this.#options;
    const { signal } = this.#stop;
    const path = `/v1/chats/${encodeURIComponent(chatId)}/messages`;
    if (operation.kind === 'send') return api.request('POST', path, { body: { client_message_id: id, ...operation.content }, signal });
    const one = `${path}/${encodeURIComponent(operation.messageId)}`;
    if (operation.kind === 'edit') return api.request('PATCH', one, { body: operation.change, signal });
    return api.request('DELETE', one, { signal });
  }

  /** Files become attachments once; a retry has them already. */
  async #uploaded(send: PendingSend): Promise<PendingSend> {
    const files = this.#files.get(send.id);
    const { upload } = this.#options;
    if (files === undefined || upload === undefined || send.operation.kind !== 'send') return send;
    const attachments = await Promise.all(files.map((file) => upload(file, { signal: this.#stop.signal })));
    const { content } = send.operation;
    const full: MessageContent = { ...content, attachments: [...(content.attachments ?? []), ...attachments] };
    const uploaded: PendingSend = { ...send, operation: { kind: 'send', content: full }, state: { kind: 'sending' } };
    this.#files.delete(send.id);
    this.#update(uploaded);
    await this.#store(uploaded);
    return uploaded;
  }

  /** A message that still waits for its files cannot survive a reload, so it is not stored. */
  async #store(send: PendingSend, isAgain = false): Promise<void> {
    const { storage, failed } = this.#options;
    if (storage === undefined || this.#userId === undefined || this.#files.has(send.id)) return;
    if (this.#stored.has(send.id) && !isAgain) return;
    this.#stored.add(send.id);
    await storage.save(this.#userId, send).catch(failed);
  }

  #forget(send: PendingSend): void {
    this.#files.delete(send.id);
    if (!this.#stored.delete(send.id) || this.#userId === undefined) return;
    void this.#options.storage?.remove(this.#userId, send.id).catch(this.#options.failed);
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const wake = () => {
        cancel();
        this.#waiting.delete(wake);
        resolve();
      };
      const cancel = this.#options.clock.after(ms, wake);
      this.#waiting.add(wake);
    });
  }
}

type Outcome =
  | { readonly kind: 'sent'; readonly message: Message | undefined }
  | { readonly kind: 'unknown'; readonly waitMs: number }
  | { readonly kind: 'failed'; readonly error: SendError };
