import { setTimeout } from 'k6/timers';
import { Api, type SeenEvent } from './api.ts';
import { ChatRecord } from './chat-record.ts';
import { headOf, intendedMsOf } from './event-frame.ts';
import { type Advice, Link, type LinkListener, type Ready } from './link.ts';
import { count, times } from './metrics.ts';
import type { Tags, Telemetry } from './telemetry.ts';

export type ReaderChat = { readonly id: string; readonly seq: number; readonly audience: number };
/** Why a connection is opened, and the moment its time counts from: the first connect's turn, the cut, or the server's `not_before`. */
type Cause = { readonly kind: 'first' | 'cut' | 'advice'; readonly sinceMs: number };

const overlapMs = 5_000;
const backoff = { baseMs: 500, capMs: 30_000 };
const retryMs = 500;
/** The server tells a loss at a random moment of 10 s. */
const toldWithinMs = 12_000;

/**
 * A user who reads one chat and behaves as the protocol asks: a ticket for each attempt, full jitter, advice obeyed, the old
 * connection read on for 5 s, a replay by `pos` or a sync after each return, every hole fetched.
 */
export class Reader {
  readonly record: ChatRecord;
  readonly #chat: ReaderChat;
  readonly #api: Api;
  readonly #telemetry: Telemetry;
  readonly #tagsOf: (intendedMs: number) => Tags | undefined;
  #link: Link | undefined;
  /** On their way to `ready`. */
  readonly #opening = new Set<Link>();
  /** Read on until 5 s after their successor's `ready`. */
  readonly #predecessors = new Set<Link>();
  /** Holes in what was pushed, and when they were seen: gaps, unless the server tells of them. */
  #untold: { readonly atMs: number; readonly holes: number }[] = [];
  #cursor: string | undefined;
  #avoidShardId: string | undefined;
  #failures = 0;
  #isAdvised = false;
  #isCaughtUp = false;
  #isEnded = false;

  constructor(userId: string, chat: ReaderChat, telemetry: Telemetry, tagsOf: (intendedMs: number) => Tags | undefined) {
    this.#chat = chat;
    this.#api = new Api(userId);
    this.#telemetry = telemetry;
    this.#tagsOf = tagsOf;
    this.record = new ChatRecord(chat.seq);
  }

  get chat(): ReaderChat {
    return this.#chat;
  }

  get isLive(): boolean {
    return this.#link?.isReady === true && this.#isCaughtUp;
  }

  connect(dueMs: number): Promise<void> {
    return this.#attempt({ kind: 'first', sinceMs: dueMs });
  }

  /** Loses the connection, as a client does whose network goes, and comes back. */
  cut(): void {
    if (this.#link === undefined || this.#isAdvised) return;
    const link = this.#link;
    this.#link = undefined;
    link.close();
    this.#comeBack({ kind: 'cut', sinceMs: Date.now() }, link.pos);
  }

  /** Nothing is open about this reader: it is connected, caught up, and was told of every hole. */
  isSettled(nowMs: number): boolean {
    return this.isLive && this.#untold.every(({ atMs }) => nowMs - atMs > toldWithinMs);
  }

  end(): void {
    this.#isEnded = true;
    for (const { holes } of this.#untold) count.gaps.add(holes);
    for (const link of [this.#link, ...this.#predecessors, ...this.#opening]) link?.close();
  }

  chatSeq(): Promise<number | undefined> {
    return this.#api.chatSeq(this.#chat.id);
  }

  async #attempt(cause: Cause, pos?: string): Promise<void> {
    const ticket = await this.#api.ticket(this.#avoidShardId);
    if (this.#isEnded) return;
    if (ticket === undefined) {
      this.#fail(cause, pos);
      return;
    }
    const resume = pos === undefined ? '' : `?resume=${encodeURIComponent(pos)}`;
    this.#open(`${ticket.url}/v1/ws${resume}`, ticket.ticket, { cause, shardId: ticket.shardId, pos });
  }

  #open(url: string, ticket: string, attempt: { cause: Cause; shardId: string | undefined; pos: string | undefined }): void {
    const startedMs = Date.now();
    const opening = new Link(url, ticket, {
      ...this.#listener(),
      opened: (atMs) => times.wsConnect.add(atMs - startedMs),
      ready: (link, frame, atMs) => this.#begin(link, frame, { cause: attempt.cause, startedMs, atMs }),
      deaf: () => {
        this.#opening.delete(opening);
        if (!this.#isEnded) this.#comeBack(attempt.cause, attempt.pos);
      },
      closed: (link, code, atMs) => {
        this.#opening.delete(link);
        if (link.isOpen) this.#countClose(link, code);
        if (this.#isEnded || link.isLetGo) return;
        if (link.isReady) this.#lose(link, code, atMs);
        else {
          this.#avoidShardId = attempt.shardId;
          this.#fail(attempt.cause, attempt.pos);
        }
      },
    });
    this.#opening.add(opening);
  }

  /** A method, not a field: k6's engine crashes on a private field that is initialised with functions. */
  #listener(): Pick<LinkListener, 'event' | 'advised' | 'incomplete'> {
    return {
      event: (link, frame, atMs) => this.#take(link, frame, atMs),
      advised: (advice, atMs) => this.#follow(advice, atMs),
      incomplete: (seq) => {
        this.#untold = [];
        void (seq === undefined ? this.#sync() : this.#fetchHole());
      },
    };
  }

  #begin(link: Link, frame: Ready, { cause, startedMs, atMs }: { cause: Cause; startedMs: number; atMs: number }): void {
    if (this.#isEnded) {
      link.close();
      return;
    }
    count.connects.add(1, { cause: cause.kind });
    count.connectSuccess.add(true);
    times.ready.add(atMs - startedMs);
    if (cause.kind !== 'first') times.reconnect.add(atMs - cause.sinceMs, { cause: cause.kind });
    this.#telemetry.connected(frame.shard_id);
    this.#opening.delete(link);
    const predecessor = this.#link;
    this.#link = link;
    this.#failures = 0;
    this.#isAdvised = false;
    this.#avoidShardId = undefined;
    if (predecessor !== undefined) this.#retire(predecessor);
    void this.#catchUp(cause, frame.resumed, atMs);
  }

  async #catchUp(cause: Cause, isResumed: boolean, readyMs: number): Promise<void> {
    this.#isCaughtUp = false;
    if (isResumed) count.resumed.add(1);
    else if (this.#cursor === undefined) await this.#readSnapshot();
    else await this.#sync();
    this.#isCaughtUp = true;
    if (cause.kind !== 'first') times.catchUp.add(Math.max(0, Date.now() - readyMs));
  }

  #retire(link: Link): void {
    this.#predecessors.add(link);
    setTimeout(() => {
      this.#predecessors.delete(link);
      link.close();
      void this.#checkHeads();
    }, overlapMs);
  }

  #take(link: Link, frame: string, atMs: number): void {
    const { chatId, seq } = headOf(frame);
    if (chatId !== this.#chat.id) {
      count.foreignEvents.add(1);
      return;
    }
    const holes = this.record.holes;
    const sighting = this.record.see(seq);
    if (seq <= link.lastSeq) (sighting === 'seen' ? count.duplicates : count.orderViolations).add(1);
    link.lastSeq = Math.max(link.lastSeq, seq);
    if (sighting === 'seen') return;
    const intendedMs = intendedMsOf(frame);
    this.#telemetry.delivered(this.#chat.audience, intendedMs, atMs, intendedMs === undefined ? undefined : this.#tagsOf(intendedMs));
    if (this.record.holes <= holes || !this.#isCaughtUp || this.#predecessors.size > 0) return;
    this.#untold.push({ atMs, holes: this.record.holes - holes });
    void this.#fetchHole();
  }

  #follow(advice: Advice, atMs: number): void {
    if (this.#isAdvised) return;
    this.#isAdvised = true;
    count.advised.add(1);
    const dueMs = atMs + advice.not_before_ms;
    this.#telemetry.advised(dueMs);
    setTimeout(
      () => {
        if (this.#isEnded) return;
        if (Date.now() < dueMs - 1) count.early.add(1);
        const attempt = { cause: { kind: 'advice', sinceMs: dueMs } as const, shardId: undefined, pos: undefined };
        this.#open(`${advice.url}/v1/ws`, advice.ticket, attempt);
      },
      Math.ceil(dueMs - Date.now()),
    );
  }

  /** A ready connection ended by itself. With advice at hand the successor is on its way. */
  #lose(link: Link, code: number | undefined, atMs: number): void {
    this.#predecessors.delete(link);
    if (link !== this.#link) return;
    this.#link = undefined;
    const stops = code !== undefined && code >= 4500;
    if (stops) count.forbiddenCloses.add(1, { code: String(code) });
    else if (!this.#isAdvised) this.#comeBack({ kind: 'cut', sinceMs: atMs }, link.pos);
  }

  #countClose(link: Link, code: number | undefined): void {
    const isAbnormal = !link.isLetGo && (code === undefined || code === 1006);
    if (isAbnormal) count.abnormalCloses.add(1);
    this.#telemetry.closed(code ?? 1006);
  }

  #fail(cause: Cause, pos: string | undefined): void {
    count.connectSuccess.add(false);
    this.#failures += 1;
    this.#isAdvised = false;
    this.#comeBack(cause, pos);
  }

  #comeBack(cause: Cause, pos: string | undefined): void {
    const delayMs = Math.random() * Math.min(backoff.capMs, backoff.baseMs * 2 ** this.#failures);
    setTimeout(() => {
      if (!this.#isEnded) void this.#attempt(cause, pos);
    }, delayMs);
  }

  async #readSnapshot(): Promise<void> {
    const snapshot = await this.#untilAnswered(() => this.#api.snapshot());
    if (snapshot === undefined) return;
    this.#cursor = snapshot.cursor;
    if (snapshot.chatId === this.#chat.id) this.#countCaughtUp(this.record.seeUpTo(snapshot.seq));
  }

  /** Everything missed in all chats, page by page. */
  async #sync(): Promise<void> {
    for (let hasMore = true; hasMore && !this.#isEnded; ) {
      const cursor = this.#cursor;
      if (cursor === undefined) return this.#readSnapshot();
      const page = await this.#untilAnswered(() => this.#api.sync(cursor));
      if (page === undefined) return;
      if (page.isTooLong) return this.#readSnapshot();
      this.#cursor = page.cursor;
      this.#takeAll(page.events);
      hasMore = page.hasMore;
    }
  }

  async #fetchHole(): Promise<void> {
    for (let hasMore = true; hasMore && !this.#isEnded; ) {
      const page = await this.#untilAnswered(() => this.#api.events(this.#chat.id, this.record.completeUpTo));
      if (page === undefined) return;
      this.#takeAll(page.events);
      hasMore = page.hasMore;
    }
  }

  /** After a hand-over: whatever neither connection brought is found here. */
  async #checkHeads(): Promise<void> {
    const cursor = this.#cursor;
    if (cursor === undefined || this.#isEnded) return;
    const page = await this.#untilAnswered(() => this.#api.heads(cursor));
    const head = page?.heads.find(({ chat_id }) => chat_id === this.#chat.id);
    if (head !== undefined && this.record.missing(head.seq) > 0) await this.#fetchHole();
  }

  #takeAll(events: readonly SeenEvent[]): void {
    for (const { chatId, seq, text } of events) {
      if (chatId !== this.#chat.id || this.record.see(seq) === 'seen') continue;
      const intendedMs = intendedMsOf(text);
      if (intendedMs !== undefined) times.publishToCatchUp.add(Date.now() - intendedMs);
      this.#countCaughtUp(1);
    }
  }

  #countCaughtUp(events: number): void {
    if (events === 0) return;
    count.caughtUp.add(events);
    for (let n = 0; n < events; n += 1) this.#telemetry.delivered(this.#chat.audience, undefined, 0, undefined);
  }

  async #untilAnswered<T>(ask: () => Promise<T | undefined>): Promise<T | undefined> {
    while (!this.#isEnded) {
      const answer = await ask();
      if (answer !== undefined) return answer;
      await new Promise<void>((resolve) => setTimeout(() => resolve(), retryMs));
    }
    return undefined;
  }
}
