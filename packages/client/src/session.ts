import {
  askForOlderOf,
  type ChatNeed,
  type ChatReplica,
  type ChatRules,
  chatRules,
  closeView,
  emptyChat,
  endChat,
  hasReached,
  needOfChat,
  offerDeltaToChat,
  offerEntry,
  offerEventToChat,
  offerMembers,
  offerNewest,
  offerOlderTo,
  offerReadToChat,
  offerWatermarkToChat,
  openView,
  outdateChat,
} from './chat-replica.ts';
import type { Clock } from './clock.ts';
import { type Api, ApiError } from './http.ts';
import type { Pauses } from './pauses.ts';
import type {
  Event,
  EventPage,
  Head,
  HeadsPage,
  MemberPage,
  MessagePage,
  OverviewEntry,
  OverviewPage,
  ReadyFrame,
  ServerFrame,
  SyncPage,
} from './wire.ts';

export type SessionOptions = {
  readonly api: Api;
  readonly clock: Clock;
  readonly pauses: Pauses;
  readonly random: () => number;
  readonly userId: string;
  readonly listener: SessionListener;
  /** Something failed that is tried again, or not for the user to mend. */
  readonly failed: (error: unknown) => void;
};

/** What the session tells its owner. */
export type SessionListener = {
  /** The replicas of this chat changed; undefined: it is not known any more. */
  chatChanged(chatId: string, chat: ChatReplica): void;
  /** Before the chat is changed by it. */
  event(event: Event): void;
  synced(): void;
  degraded(isDegraded: boolean): void;
};

type TooLong = { readonly too_long: true };
type PendingHeads = { readonly heads: readonly Head[]; readonly next: string };

const headsEveryMs = 60_000;
const degradedHeadsEveryMs = 5_000;
const holeMs = 150;
const maxRepairs = 4;
const maxDeltas = 3;
const freshMs = 5_000;
const limit = 100;

/**
 * Keeps the replicas of all chats complete: what they need is asked for, one request per chat and four at once; one sync instead
 * of many deltas. Between `begin` and `end` it has a connection; what is under way at its end is aborted, because only requests
 * after a `ready` belong to it [C2].
 */
export class Session {
  readonly #options: SessionOptions;
  readonly #rules: ChatRules;
  readonly #chats = new Map<string, ChatReplica>();
  readonly #needy = new Set<string>();
  readonly #repairing = new Set<string>();
  /** Chats that answered 404, with what was known then: gone, if sync is silent about them [C9]. */
  readonly #suspects = new Map<string, number>();
  /** Read positions that the server does not know yet. */
  readonly #reads = new Map<string, number>();
  readonly #telling = new Set<string>();
  #life: AbortController | undefined;
  #syncCursor: string | undefined;
  /** Heads have a cursor of their own: sync tells of no read position. */
  #headsCursor: string | undefined;
  #pendingHeads: PendingHeads | undefined;
  #catchingUp: Promise<void> | undefined;
  /** Syncs that were wished for, and how many of the wishes a finished run has met: a run that was interrupted meets none. */
  #wished = 0;
  #met = 0;
  #syncedAtMs = Number.NEGATIVE_INFINITY;
  #isCheckingHeads = false;
  #isDegraded = false;
  #cancelHeads: () => void = () => undefined;

  constructor(options: SessionOptions) {
    this.#options = options;
    this.#rules = chatRules(options.userId);
  }

  get chats(): ReadonlyMap<string, ChatReplica> {
    return this.#chats;
  }

  get isLoaded(): boolean {
    return this.#syncCursor !== undefined;
  }

  chat(chatId: string): ChatReplica {
    return this.#chats.get(chatId) ?? emptyChat;
  }

  /** A connection is registered: from here on nothing new is missed, so now what was missed before is fetched. */
  begin(ready: ReadyFrame): void {
    this.end();
    const life = new AbortController();
    this.#life = life;
    this.#isDegraded = ready.degraded;
    if (!ready.resumed) this.#wished += 1;
    if (this.#syncCursor === undefined) this.#met = this.#wished;
    void this.#becomeLive(life.signal);
  }

  end(): void {
    this.#life?.abort();
    this.#life = undefined;
    this.#catchingUp = undefined;
    this.#repairing.clear();
    this.#telling.clear();
    this.#isCheckingHeads = false;
    this.#cancelHeads();
  }

  /** A successor took over: its shard may be degraded, or not any more. */
  handOver(isDegraded: boolean): void {
    if (this.#isDegraded && !isDegraded) this.sync();
    this.#setDegraded(isDegraded);
  }

  /** Frames of other kinds, known to the connection or to nobody [P3], change nothing here. */
  take(frame: ServerFrame): void {
    if (frame.type === 'event') this.#offer(frame);
    else if (frame.type === 'watermark') this.offerWatermark(frame.chat_id, frame.seq);
    else if (frame.type === 'resync') this.#resync(frame.reason);
    else if (frame.type === 'signal' && frame.signal === 'read' && frame.user_id === this.#options.userId) {
      this.offerRead(frame.chat_id, frame.message_no);
    }
  }

  /** Everything that was missed, once; a wish during a run makes another run. */
  sync(): void {
    this.#wished += 1;
    this.#catchUp();
  }

  checkHeads(): void {
    const signal = this.#life?.signal;
    if (signal !== undefined) void this.#runHeads(signal);
  }

  offerRead(chatId: string, messageNo: number): void {
    if (this.#chats.has(chatId)) this.change(chatId, (chat) => offerReadToChat(chat, messageNo));
  }

  /** Shown at once, told when it can be: one request per chat at a time, and only the newest position. */
  markRead(chatId: string, messageNo: number): void {
    this.offerRead(chatId, messageNo);
    this.#reads.set(chatId, Math.max(messageNo, this.#reads.get(chatId) ?? 0));
    this.#tellReads();
  }

  /** Events of the chat up to `seq` exist: a frame says so, or the answer to a request. */
  offerWatermark(chatId: string, seq: number): void {
    this.change(chatId, (chat) => offerWatermarkToChat(chat, seq));
  }

  open(chatId: string, view: 'timeline' | 'members'): void {
    this.change(chatId, (chat) => openView(chat, view));
  }

  close(chatId: string, view: 'timeline' | 'members'): void {
    if (this.#chats.has(chatId)) this.change(chatId, (chat) => closeView(chat, view));
  }

  /** The page of history before the window. Nothing where none is left or one is on its way. Rejects when it cannot be had. */
  async loadOlder(chatId: string, pageLimit: number, signal?: AbortSignal): Promise<void> {
    const asked = askForOlderOf(this.chat(chatId));
    this.change(chatId, () => asked.chat);
    const { beforeSeq } = asked;
    if (beforeSeq === undefined) return;
    let page: MessagePage | undefined;
    try {
      page = await this.#get<MessagePage>(
        `/v1/chats/${encodeURIComponent(chatId)}/messages?before_seq=${beforeSeq}&limit=${pageLimit}`,
        signal,
      );
    } finally {
      this.change(chatId, (chat) => offerOlderTo(chat, beforeSeq, page));
    }
  }

  change(chatId: string, change: (chat: ChatReplica) => ChatReplica): void {
    const before = this.chat(chatId);
    const chat = change(before);
    if (chat === before) return;
    this.#chats.set(chatId, chat);
    this.#options.listener.chatChanged(chatId, chat);
    this.#adoptHeads();
    if (needOfChat(chat) === undefined) return;
    this.#needy.add(chatId);
    this.#repairSome();
  }

  #offer(event: Event): void {
    this.#options.listener.event(event);
    this.change(event.chat_id, (chat) => offerEventToChat(this.#rules, chat, event));
  }

  #resync(reason: string): void {
    if (reason === 'degraded') {
      this.#setDegraded(true);
      this.#planHeads();
      return;
    }
    if (reason === 'recovered') this.#setDegraded(false);
    this.sync();
  }

  #setDegraded(isDegraded: boolean): void {
    this.#isDegraded = isDegraded;
    this.#options.listener.degraded(isDegraded);
  }

  async #becomeLive(signal: AbortSignal): Promise<void> {
    this.#catchUp();
    await this.#catchingUp;
    if (signal.aborted) return;
    this.#options.listener.synced();
    this.#options.listener.degraded(this.#isDegraded);
    this.#repairSome();
    this.#tellReads();
    // The herd of a restarted shard does not check all at once.
    this.#planHeads(2_000 * this.#options.random());
  }

  /** One run at a time; while it lasts nothing is repaired that it may mend. */
  #catchUp(): void {
    const signal = this.#life?.signal;
    if (signal === undefined || this.#catchingUp !== undefined) return;
    this.#catchingUp = this.#catchAllUp(signal);
  }

  /** Never rejects. When the connection is lost, the next one catches up. */
  async #catchAllUp(signal: AbortSignal): Promise<void> {
    await this.#retried(signal, async () => {
      if (this.#syncCursor === undefined) await this.#loadOverview(signal);
      while (this.#met < this.#wished) await this.#runSync(signal);
    }).catch(() => undefined);
    if (signal.aborted) return;
    this.#catchingUp = undefined;
    // A wish that came when the run was over already.
    if (this.#met < this.#wished) this.#catchUp();
    this.#repairSome();
  }

  /** The pages are of several moments: sync tells what moved between them. */
  async #loadOverview(signal: AbortSignal): Promise<void> {
    let syncCursor: string | undefined;
    for await (const page of this.#pages<OverviewPage>('/v1/chats', signal)) {
      for (const entry of page.chats) this.change(entry.id, (chat) => offerEntry(this.#rules, chat, entry));
      if (page.next_cursor !== null) this.#wished += 1;
      syncCursor ??= page.sync_cursor;
    }
    this.#syncCursor = syncCursor;
    this.#headsCursor = syncCursor;
  }

  /** From the last cursor to the end. An interrupted run begins anew: its cursor would not tell what came after its beginning. */
  async #runSync(signal: AbortSignal): Promise<void> {
    const wished = this.#wished;
    const suspects = [...this.#suspects];
    let cursor = this.#syncCursor ?? '';
    for (let hasMore = true; hasMore; ) {
      const page: SyncPage | TooLong = await this.#retried(signal, () => this.#missed<SyncPage>(signal, 'sync', cursor));
      if (page.too_long) {
        this.#forget();
        this.#met = wished;
        return this.#loadOverview(signal);
      }
      for (const event of page.events) this.#offer(event);
      cursor = page.next_cursor;
      hasMore = page.has_more;
    }
    this.#syncCursor = cursor;
    this.#met = wished;
    this.#syncedAtMs = this.#options.clock.nowMs();
    this.#pendingHeads = undefined;
    for (const [chatId, target] of suspects) this.#judge(chatId, target);
  }

  /** Sync has told all there is. What a chat that answered 404 still lacks does not exist for this user. */
  #judge(chatId: string, target: number): void {
    this.#suspects.delete(chatId);
    if (needOfChat(this.chat(chatId)) !== undefined) this.change(chatId, (chat) => endChat(chat, target));
    if (needOfChat(this.chat(chatId)) !== undefined) this.#needy.add(chatId);
  }

  /** The cursor is too old, or of another timeline: everything anew, the old views stay until their snapshots come. */
  #forget(): void {
    this.#pendingHeads = undefined;
    this.#suspects.clear();
    for (const chatId of this.#chats.keys()) this.change(chatId, outdateChat);
    this.#syncCursor = undefined;
  }

  /** A page of what was missed since the cursor. One that the server cannot read any more is as one that is too old. */
  async #missed<T>(signal: AbortSignal, route: 'sync' | 'heads', cursor: string): Promise<T | TooLong> {
    try {
      return await this.#get<T>(`/v1/${route}?cursor=${encodeURIComponent(cursor)}&limit=${limit}`, signal);
    } catch (error) {
      if (error instanceof ApiError && error.code === 'invalid_cursor') return { too_long: true };
      throw error;
    }
  }

  #planHeads(inMs?: number): void {
    const { clock, random } = this.#options;
    this.#cancelHeads();
    const everyMs = this.#isDegraded ? degradedHeadsEveryMs : headsEveryMs;
    this.#cancelHeads = clock.after(inMs ?? everyMs * (0.5 + random()), () => this.checkHeads());
  }

  async #runHeads(signal: AbortSignal): Promise<void> {
    if (this.#isCheckingHeads || this.#headsCursor === undefined) return;
    this.#isCheckingHeads = true;
    try {
      await this.#offerHeads(signal);
    } catch (error) {
      if (!signal.aborted) this.#options.failed(error);
    } finally {
      if (!signal.aborted) {
        this.#isCheckingHeads = false;
        this.#planHeads();
      }
    }
  }

  async #offerHeads(signal: AbortSignal): Promise<void> {
    const heads: Head[] = [];
    let cursor = this.#headsCursor ?? '';
    for (let hasMore = true; hasMore; ) {
      const page = await this.#missed<HeadsPage>(signal, 'heads', cursor);
      if (page.too_long) {
        this.#forget();
        return this.sync();
      }
      heads.push(...page.heads);
      cursor = page.next_cursor;
      hasMore = page.has_more;
    }
    this.#headsCursor = cursor;
    this.#pendingHeads = { heads, next: cursor };
    for (const head of heads) {
      this.change(head.chat_id, (chat) => offerReadToChat(offerWatermarkToChat(chat, head.seq), head.read_message_no));
    }
    this.#adoptHeads();
  }

  /** Once every listed head is reached, sync need not tell again what happened up to then. */
  #adoptHeads(): void {
    if (this.#pendingHeads === undefined || this.#catchingUp !== undefined) return;
    const { heads, next } = this.#pendingHeads;
    if (!heads.every((head) => hasReached(this.chat(head.chat_id), head.seq))) return;
    this.#syncCursor = next;
    this.#pendingHeads = undefined;
  }

  /** Starts the repair of needy chats, as many as may run. */
  #repairSome(): void {
    const signal = this.#life?.signal;
    if (signal === undefined) return;
    for (const chatId of this.#needy) {
      if (this.#repairing.size >= maxRepairs) return;
      if (!this.#mayRepair(chatId)) continue;
      this.#needy.delete(chatId);
      this.#repairing.add(chatId);
      void this.#repair(chatId, signal).finally(() => {
        if (signal.aborted) this.#needy.add(chatId);
        else this.#repairing.delete(chatId);
        this.#repairSome();
      });
    }
  }

  /** What is on the screen is loaded at once; the rest waits for the overview and sync. */
  #mayRepair(chatId: string): boolean {
    if (this.#repairing.has(chatId) || this.#suspects.has(chatId)) return false;
    const need = needOfChat(this.chat(chatId));
    return this.#catchingUp === undefined || need?.kind === 'timeline' || need?.kind === 'members';
  }

  /** Until the chat lacks nothing, its 404 is left to sync, or a sync is under way. Never rejects. */
  // biome-ignore lint/complexity/noExcessiveCognitiveComplexity: in two functions it takes 20 bytes, which the limit of 12 kB does not leave
  async #repair(chatId: string, signal: AbortSignal): Promise<void> {
    const { pauses, random, failed } = this.#options;
    for (let failures = 0; ; ) {
      const need = needOfChat(this.chat(chatId));
      if (need === undefined || signal.aborted || this.#suspects.has(chatId)) return;
      try {
        if (need.kind === 'delta' && failures === 0) await pauses.wait(0, holeMs * (1 + random()), signal);
        const due = needOfChat(this.chat(chatId));
        if (due === undefined) return;
        if (due.kind === 'delta' && this.#leaveToSync(chatId)) return;
        await this.#fetchNeed(chatId, due, signal);
        failures = 0;
      } catch (error) {
        if (signal.aborted) return;
        if (error instanceof ApiError && error.status === 404) return this.#suspect(chatId, need.target);
        failed(error);
        failures += 1;
        await pauses.afterFailure(error, failures, signal);
      }
    }
  }

  /** Many chats with holes are one sync; what it leaves behind are deltas. */
  #leaveToSync(chatId: string): boolean {
    const needy = [...this.#needy, ...this.#repairing].filter((id) => needOfChat(this.chat(id))?.kind === 'delta');
    const isFresh = this.#options.clock.nowMs() - this.#syncedAtMs < freshMs;
    if (this.#catchingUp === undefined && (isFresh || needy.length <= maxDeltas)) return false;
    this.#needy.add(chatId);
    if (this.#catchingUp === undefined) this.sync();
    return true;
  }

  #suspect(chatId: string, target: number): void {
    this.#suspects.set(chatId, target);
    this.#needy.add(chatId);
    this.sync();
  }

  async #fetchNeed(chatId: string, need: ChatNeed, signal: AbortSignal): Promise<void> {
    const path = `/v1/chats/${encodeURIComponent(chatId)}`;
    switch (need.kind) {
      case 'entry': {
        const entry = await this.#get<OverviewEntry>(path, signal);
        return this.change(chatId, (chat) => offerEntry(this.#rules, chat, entry));
      }
      case 'timeline': {
        const page = await this.#get<MessagePage>(`${path}/messages?limit=50`, signal);
        return this.change(chatId, (chat) => offerNewest(this.#rules, chat, page));
      }
      case 'members': {
        const pages: MemberPage[] = [];
        for await (const page of this.#pages<MemberPage>(`${path}/members`, signal)) pages.push(page);
        return this.change(chatId, (chat) => offerMembers(this.#rules, chat, pages));
      }
      case 'delta':
        return this.#fetchDelta(chatId, path, need, signal);
    }
  }

  async *#pages<T extends { readonly next_cursor: string | null }>(path: string, signal: AbortSignal): AsyncGenerator<T> {
    for (let query: string | undefined = ''; query !== undefined; ) {
      const page: T = await this.#get<T>(`${path}?limit=${limit}${query}`, signal);
      yield page;
      query = page.next_cursor === null ? undefined : `&cursor=${encodeURIComponent(page.next_cursor)}`;
    }
  }

  async #fetchDelta(chatId: string, path: string, need: Extract<ChatNeed, { kind: 'delta' }>, signal: AbortSignal): Promise<void> {
    const { after, target } = need;
    try {
      const page = await this.#get<EventPage>(`${path}/events?after_seq=${after}&limit=${limit}`, signal);
      for (const event of page.events) this.#options.listener.event(event);
      const delta = { after, events: page.events, seq: page.seq, hasMore: page.has_more, target };
      this.change(chatId, (chat) => offerDeltaToChat(this.#rules, chat, delta));
    } catch (error) {
      if (!(error instanceof ApiError) || error.status !== 410) throw error;
      this.change(chatId, outdateChat);
    }
  }

  #tellReads(): void {
    const signal = this.#life?.signal;
    if (signal === undefined || !this.isLoaded) return;
    for (const chatId of this.#reads.keys()) {
      if (this.#telling.has(chatId)) continue;
      this.#telling.add(chatId);
      // It rejects only with the end of the connection: then it is told with the next one.
      void this.#tellRead(chatId, signal).catch(() => undefined);
    }
  }

  async #tellRead(chatId: string, signal: AbortSignal): Promise<void> {
    const path = `/v1/chats/${encodeURIComponent(chatId)}/read`;
    for (let messageNo = this.#reads.get(chatId); messageNo !== undefined; messageNo = this.#reads.get(chatId)) {
      const body = { message_no: messageNo };
      await this.#retried(signal, () => this.#options.api.request('PUT', path, { body, signal }).catch(unlessRetryable));
      if (this.#reads.get(chatId) === messageNo) this.#reads.delete(chatId);
    }
    this.#telling.delete(chatId);
  }

  #get<T>(path: string, signal?: AbortSignal): Promise<T> {
    return this.#options.api.request<T>('GET', path, { signal });
  }

  /** Tries until it succeeds; rejects only when the connection is lost. */
  async #retried<T>(signal: AbortSignal, attempt: () => Promise<T>): Promise<T> {
    for (let failures = 1; ; failures += 1) {
      try {
        return await attempt();
      } catch (error) {
        signal.throwIfAborted();
        this.#options.failed(error);
        await this.#options.pauses.afterFailure(error, failures, signal);
      }
    }
  }
}

/** What the server refuses for good is not asked again. */
function unlessRetryable(error: unknown): void {
  if (!(error instanceof ApiError) || error.isRetryable) throw error;
}
