import { type Clock, within } from './clock.ts';
import { type Api, ApiError } from './http.ts';
import type { Pauses } from './pauses.ts';
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

/** Where pending sends survive a reload. What it rejects with, or does not do within 10 s, is reported; sending goes on without it. */
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
  readonly pauses: Pauses;
  readonly storage?: PendingStorage;
  readonly upload?: Upload;
  readonly changed: (chatId: string) => void;
  /** The server has the message: it will come as an event. */
  readonly sent: (chatId: string, message: Message) => void;
  readonly failed: (error: unknown) => void;
};

const none: readonly PendingSend[] = [];
const storageTimeoutMs = 10_000;

/**
 * Sends what the user did: per chat one at a time and in order, stored before the first attempt, tried again with the same id
 * until the server has answered for good. What the server refuses is `failed` and holds up nothing.
 */
export class Sending {
  readonly #options: SendingOptions;
  readonly #sends = new Map<string, readonly PendingSend[]>();
  readonly #files = new Map<string, readonly unknown[]>();
  readonly #running = new Set<string>();
  readonly #stored = new Set<string>();
  readonly #stop = new AbortController();
  #isStarted = false;
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

  /** From now on sends are of this user: what was left from an earlier time comes first. The first call counts. */
  async start(userId: string): Promise<void> {
    if (this.#isStarted) return;
    this.#isStarted = true;
    const { storage, clock } = this.#options;
    const kept = (await this.#within(storage?.load(userId))) ?? none;
    this.#userId = userId;
    for (const send of kept) {
      this.#stored.add(send.id);
      if (clock.nowMs() - send.createdAtMs > maxPendingAgeMs) this.#forget(send);
      else this.#restore(send);
    }
    for (const chatId of this.#sends.keys()) this.#run(chatId);
  }

  /** Queues an operation. Throws when 500 wait already, and where nobody would take its files. */
  add(send: PendingSend, files: readonly unknown[] = []): void {
    if ([...this.#sends.values()].flat().length >= maxPending) throw new Error(`${maxPending} are pending`);
    if (files.length > 0) {
      if (this.#options.upload === undefined) throw new Error('files need upload');
      this.#files.set(send.id, files);
    }
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
    this.#set(message.chat_id, confirmSend(this.of(message.chat_id), message));
  }

  /** What the timeline shows by now is not pending any more [C5]. */
  settle(chatId: string, messages: readonly Message[], seq: number): void {
    const sends = this.of(chatId);
    if (sends.length === 0) return;
    const open = settleSends(sends, messages, seq);
    for (const send of sends) if (!open.includes(send)) this.#forget(send);
    this.#set(chatId, open);
  }

  dispose(): void {
    this.#stop.abort();
  }

  #restore(send: PendingSend): void {
    const queued: PendingSend = send.state.kind === 'sending' ? { ...send, state: { kind: 'queued' } } : send;
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
    const { signal } = this.#stop;
    for (let failures = 0; ; ) {
      const send = nextPending(this.of(chatId));
      if (send === undefined || signal.aborted) return;
      await this.#store(send);
      // Meanwhile it may have been discarded, or its event may have come.
      if (this.find(chatId, send.id) !== send) continue;
      this.#update({ ...send, state: { kind: 'sending' } });
      const outcome = await this.#attempt(send);
      failures = outcome.kind === 'unknown' ? failures + 1 : 0;
      await this.#conclude(send, outcome, failures);
    }
  }

  async #conclude(send: PendingSend, outcome: Outcome, failures: number): Promise<void> {
    const { pauses, sent } = this.#options;
    if (outcome.kind === 'sent') {
      // Postgres has it: sent again after a reload, an edit would undo later ones.
      this.#forget(send);
      this.#settleAs(send, { kind: 'sent', message: outcome.message });
      if (outcome.message !== undefined) sent(send.chatId, outcome.message);
    } else if (outcome.kind === 'failed') {
      const failed = this.#settleAs(send, { kind: 'failed', error: outcome.error });
      if (failed !== undefined) await this.#store(failed, true);
    } else {
      this.#settleAs(send, { kind: 'queued' });
      await pauses.afterFailure(outcome.error, failures, this.#stop.signal);
    }
  }

  /** The attempt's outcome, unless its event came first. */
  #settleAs({ chatId, id }: PendingSend, state: PendingSend['state']): PendingSend | undefined {
    const send = this.find(chatId, id);
    if (send?.state.kind !== 'sending') return undefined;
    const settled: PendingSend = { ...send, state };
    this.#update(settled);
    return settled;
  }

  async #attempt(send: PendingSend): Promise<Outcome> {
    try {
      const uploaded = await this.#uploaded(send);
      return { kind: 'sent', message: await this.#request(uploaded) };
    } catch (error) {
      if (this.#stop.signal.aborted || (error instanceof ApiError && error.isRetryable)) return { kind: 'unknown', error };
      this.#options.failed(error);
      const { status, code } = error instanceof ApiError ? error : { status: 0, code: 'upload_failed' };
      return { kind: 'failed', error: { status, code, detail: error instanceof Error ? error.message : String(error) } };
    }
  }

  #request({ id, chatId, operation }: PendingSend): Promise<Message | undefined> {
    const send = (method: string, path: string, body?: unknown) =>
      this.#options.api.request<Message | undefined>(method, `/v1/chats/${encodeURIComponent(chatId)}/messages${path}`, {
        body,
        signal: this.#stop.signal,
      });
    if (operation.kind === 'send') return send('POST', '', { client_message_id: id, ...operation.content });
    const path = `/${encodeURIComponent(operation.messageId)}`;
    return operation.kind === 'edit' ? send('PATCH', path, operation.change) : send('DELETE', path);
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
    const { storage } = this.#options;
    if (storage === undefined || this.#userId === undefined || this.#files.has(send.id)) return;
    if (this.#stored.has(send.id) && !isAgain) return;
    this.#stored.add(send.id);
    await this.#within(storage.save(this.#userId, send));
  }

  #forget(send: PendingSend): void {
    this.#files.delete(send.id);
    if (!this.#stored.delete(send.id) || this.#userId === undefined) return;
    void this.#within(this.#options.storage?.remove(this.#userId, send.id));
  }

  /** What the storage answers; nothing when it fails. Never rejects. */
  async #within<T>(asked: Promise<T> | undefined): Promise<T | undefined> {
    try {
      return await (asked && within(this.#options.clock, storageTimeoutMs, asked));
    } catch (error) {
      this.#options.failed(error);
      return undefined;
    }
  }
}

type Outcome =
  | { readonly kind: 'sent'; readonly message: Message | undefined }
  | { readonly kind: 'unknown'; readonly error: unknown }
  | { readonly kind: 'failed'; readonly error: SendError };
