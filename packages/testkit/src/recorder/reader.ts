import {
  type Event,
  eventPageSchema,
  headsPageSchema,
  mayReconnect,
  overviewEntrySchema,
  overviewPageSchema,
  type ServerFrame,
  syncPageSchema,
} from '@carillon/protocol';
import type { ApiClient } from '../api-client.ts';
import { SocketClient } from '../socket-client.ts';
import { ReaderRecord } from './reader-record.ts';
import { Timeline } from './timeline.ts';

export type ReaderOptions = {
  readonly api: ApiClient;
  readonly userId: string;
  /** Period of the heads check, ± 50 %: it bounds how long a loss can stay unnoticed. 60 s in the contract. */
  readonly headsEveryMs?: number;
};

type Ticket = { readonly url: string; readonly ticket: string };

const reconnectMs = { first: 200, longest: 2_000 };
const holeMs = 200;
const overlapMs = 5_000;
const repairRetryMs = 250;
const degradedHeadsMs = 5_000;

/**
 * A minimal correct client of one user: connect, buffer, ready, snapshot, merge; a hole or a `watermark` leads to `/events`, a
 * `resync`, a reconnect or a wrong frame count to `/v1/sync`; heads are checked on reconnect and periodically; a `reconnect` advice is
 * followed before the old connection is left. It shows a timeline per chat and records how it came to it.
 */
export class Reader implements AsyncDisposable {
  readonly userId: string;
  readonly record = new ReaderRecord();
  readonly #options: ReaderOptions;
  readonly #timelines = new Map<string, Timeline>();
  readonly #sockets = new Set<SocketClient>();
  readonly #timers = new Set<NodeJS.Timeout>();
  readonly #holes = new Set<string>();
  #current: SocketClient | undefined;
  #connections = 0;
  #cursor: string | undefined;
  #needsSync = false;
  #needsHeads = false;
  #isDegraded = false;
  #isStopped = false;
  #repairing: Promise<void> | undefined;
  #connecting: Promise<void> | undefined;

  constructor(options: ReaderOptions) {
    this.#options = options;
    this.userId = options.userId;
  }

  /** Connected, and its snapshot loaded. */
  static async open(options: ReaderOptions): Promise<Reader> {
    const reader = new Reader(options);
    reader.#reconnect(0);
    await reader.until(() => reader.isQuiet && reader.#cursor !== undefined, 'the first snapshot');
    reader.#checkHeadsLater();
    return reader;
  }

  /** What it shows. */
  timelines(): ReadonlyMap<string, Timeline> {
    return this.#timelines;
  }

  get isConnected(): boolean {
    return this.#current !== undefined;
  }

  /** Connected, and nothing is known to be missing. */
  get isQuiet(): boolean {
    const isWhole = this.#repairing === undefined && ![...this.#timelines.values()].some((timeline) => timeline.hasHole);
    return isWhole && this.isConnected;
  }

  async until(holds: () => boolean, what: string, deadlineMs = 30_000): Promise<void> {
    const deadline = Date.now() + deadlineMs;
    while (!holds()) {
      if (Date.now() > deadline) throw new Error(`${this.userId}: no ${what} within ${deadlineMs} ms`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  /** Cuts the current connection, as a network does. */
  async cut(): Promise<void> {
    await this.#current?.[Symbol.asyncDispose]();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isStopped = true;
    for (const timer of this.#timers) clearTimeout(timer);
    await Promise.all([...this.#sockets].map((socket) => socket[Symbol.asyncDispose]()));
    await this.#connecting;
    await this.#repairing;
    await Promise.all([...this.#sockets].map((socket) => socket[Symbol.asyncDispose]()));
  }

  #later(ms: number, work: () => void): void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      if (!this.#isStopped) work();
    }, ms);
    this.#timers.add(timer);
  }

  #reconnect(attempt: number): void {
    this.#connecting = this.#connect().catch(() => {
      const waitMs = Math.min(reconnectMs.longest, reconnectMs.first * 2 ** attempt) * Math.random();
      this.#later(waitMs, () => this.#reconnect(attempt + 1));
    });
  }

  /** Rejects when there is no ticket or no `ready`. */
  async #connect(ticket?: Ticket): Promise<void> {
    const { api, userId } = this.#options;
    const connection = this.#connections;
    this.#connections += 1;
    const counted = { frames: 0 };
    const socket = await SocketClient.open(ticket ?? (await api.ticket(userId)), (frame) => this.#take(frame, connection, counted));
    if (this.#isStopped) return void (await socket[Symbol.asyncDispose]());
    const before = this.#current;
    this.#sockets.add(socket);
    this.#current = socket;
    this.record.readyAtMs.push(performance.now());
    void socket.closed().then(({ code }) => this.#onClosed(socket, connection, code));
    if (before === undefined) this.#needsSync = true;
    else this.#later(overlapMs, () => void before[Symbol.asyncDispose]());
    this.#needsHeads = true;
    this.#repair();
  }

  #onClosed(socket: SocketClient, connection: number, code: number): void {
    this.#sockets.delete(socket);
    this.record.closes.push({ atMs: performance.now(), code, connection });
    if (this.#isStopped || socket !== this.#current) return;
    this.#current = undefined;
    this.#isDegraded = false;
    if (mayReconnect(code)) this.#later(reconnectMs.first * Math.random(), () => this.#reconnect(1));
    else this.record.faults.push(`closed with ${code}, which means stop`);
  }

  #take(frame: ServerFrame, connection: number, counted: { frames: number }): void {
    this.record.frames.push({ atMs: performance.now(), connection, type: frame.type });
    if (!['ready', 'heartbeat', 'pong'].includes(frame.type)) counted.frames += 1;
    if (frame.type === 'ready') this.#isDegraded = frame.degraded;
    else if (frame.type === 'event') this.#onEvent(frame, connection);
    else if (frame.type === 'watermark') this.#onWatermark(frame.chat_id, frame.seq);
    else if (frame.type === 'resync') this.#onResync(frame.reason);
    else if (frame.type === 'reconnect') this.#later(frame.not_before_ms, () => this.#move(frame));
    else if (frame.type === 'heartbeat') {
      // A frame was never handed over, or got lost on the way: the last one may be missing.
      if (frame.sent !== counted.frames) this.#sync();
      counted.frames = frame.sent;
    }
  }

  #onEvent(event: Event, connection: number): void {
    this.record.push(connection, event);
    this.#merge(event);
  }

  #onWatermark(chatId: string, seq: number): void {
    this.record.watermarks += 1;
    this.#expect(chatId, seq);
  }

  /** Make before break; if it fails, the old connection's end leads to a new one. */
  #move(advice: Ticket): void {
    this.#connect(advice).catch(() => undefined);
  }

  #onResync(reason: string): void {
    this.record.resyncs.push(reason);
    this.#isDegraded = reason === 'degraded' || (this.#isDegraded && reason !== 'recovered');
    if (reason === 'degraded') this.#checkHeads();
    else this.#sync();
  }

  /** From a push or a sync: in order, held, or seen before. */
  #merge(event: Event): void {
    const timeline = this.#timelineOf(event.chat_id);
    if (timeline.hwm === undefined && isJoin(event, this.userId)) timeline.begin(event.seq - 1);
    if (timeline.offer(event) === 'duplicate') this.record.duplicates += 1;
    if (timeline.hasHole) this.#expect(event.chat_id, event.seq);
  }

  #timelineOf(chatId: string): Timeline {
    const timeline = this.#timelines.get(chatId) ?? new Timeline(chatId);
    this.#timelines.set(chatId, timeline);
    return timeline;
  }

  /** What is missing may still be on its way: only a hole that stays is fetched. */
  #expect(chatId: string, seq: number): void {
    const timeline = this.#timelineOf(chatId);
    timeline.expect(seq);
    this.#later(holeMs, () => {
      if (!timeline.hasHole) return;
      this.#holes.add(chatId);
      this.#repair();
    });
  }

  #sync(): void {
    this.#needsSync = true;
    this.#repair();
  }

  #checkHeads(): void {
    this.#needsHeads = true;
    this.#repair();
  }

  #checkHeadsLater(): void {
    const period = this.#isDegraded ? degradedHeadsMs : (this.#options.headsEveryMs ?? 60_000);
    this.#later(period * (0.5 + Math.random()), () => {
      this.#checkHeads();
      this.#checkHeadsLater();
    });
  }

  /** One repair at a time; it goes on until nothing is missing that it knows of. */
  #repair(): void {
    this.#repairing ??= this.#repairAll().finally(() => {
      this.#repairing = undefined;
    });
  }

  async #repairAll(): Promise<void> {
    while (!this.#isStopped) {
      try {
        if (!(await this.#repairOnce())) return;
      } catch {
        await new Promise((resolve) => setTimeout(resolve, repairRetryMs)); // the API is away or says 503: as any client, again
      }
    }
  }

  async #repairOnce(): Promise<boolean> {
    const [hole] = this.#holes;
    if (this.#cursor === undefined) await this.#loadOverview();
    else if (this.#needsSync) await this.#runSync(this.#cursor);
    else if (hole !== undefined) await this.#fillHole(this.#timelineOf(hole));
    else if (this.#needsHeads) await this.#readHeads(this.#cursor);
    else return false;
    return true;
  }

  /** The cursor is that of the first page: what happens while the pages and chats are read comes again by sync. */
  async #loadOverview(): Promise<void> {
    let cursor: string | undefined;
    let next: string | null = '';
    while (next !== null) {
      const page = overviewPageSchema.parse(await this.#get(`/v1/chats?limit=100${next === '' ? '' : `&cursor=${next}`}`));
      for (const entry of page.chats) {
        this.#timelineOf(entry.id).begin(entry.my_joined_seq - 1);
        this.#timelineOf(entry.id).expect(entry.seq);
        this.#holes.add(entry.id);
      }
      cursor ??= page.sync_cursor;
      next = page.next_cursor;
    }
    this.#cursor = cursor;
    this.#needsSync = false;
  }

  async #runSync(from: string): Promise<void> {
    this.#needsSync = false;
    this.record.syncs += 1;
    try {
      for (let cursor = from, hasMore = true; hasMore; ) {
        const page = syncPageSchema.parse(await this.#get(`/v1/sync?cursor=${encodeURIComponent(cursor)}&limit=100`));
        if (page.too_long) this.record.faults.push('sync says too_long');
        this.record.fetch(page.events);
        for (const event of page.events) this.#merge(event);
        cursor = page.next_cursor;
        this.#cursor = cursor;
        hasMore = page.has_more;
      }
    } catch (error) {
      this.#needsSync = true;
      throw error;
    }
  }

  async #fillHole(timeline: Timeline): Promise<void> {
    const isLive = timeline.hwm !== undefined || (await this.#learnBegin(timeline));
    while (isLive && timeline.hasHole) {
      this.record.gapFetches += 1;
      const answer = await this.#options.api.call(
        this.userId,
        'GET',
        `/v1/chats/${timeline.chatId}/events?after_seq=${timeline.hwm}&limit=100`,
      );
      if (answer.status === 404) return this.#endOf(timeline);
      if (answer.status !== 200) throw new Error(`/events answered ${answer.status}`);
      const page = eventPageSchema.parse(answer.body);
      this.record.fetch(page.events);
      timeline.fill(page.events, page.seq);
      if (page.seq <= (timeline.hwm ?? 0) && !page.has_more) break;
    }
    this.#holes.delete(timeline.chatId);
  }

  /** An event of a chat that is not known: false when the chat has ended again, and sync was asked. */
  async #learnBegin(timeline: Timeline): Promise<boolean> {
    const answer = await this.#options.api.call(this.userId, 'GET', `/v1/chats/${timeline.chatId}`);
    if (answer.status !== 404 && answer.status !== 200) throw new Error(`the chat's route answered ${answer.status}`);
    if (answer.status === 200) timeline.begin(overviewEntrySchema.parse(answer.body).my_joined_seq - 1);
    else await this.#endOf(timeline);
    return answer.status === 200;
  }

  /** Left or removed behind the hole: sync tells the events up to the end, or nothing more is to be told. */
  async #endOf(timeline: Timeline): Promise<void> {
    if (this.#cursor !== undefined) await this.#runSync(this.#cursor);
    if (timeline.hasHole) timeline.giveUp();
    this.#holes.delete(timeline.chatId);
  }

  async #readHeads(from: string): Promise<void> {
    for (let cursor = from, hasMore = true; hasMore; ) {
      const page = headsPageSchema.parse(await this.#get(`/v1/heads?cursor=${encodeURIComponent(cursor)}&limit=100`));
      for (const head of page.heads) {
        if (head.seq <= (this.#timelineOf(head.chat_id).hwm ?? 0)) continue;
        this.record.headsHits += 1;
        this.#expect(head.chat_id, head.seq);
      }
      cursor = page.next_cursor;
      hasMore = page.has_more;
    }
    this.#needsHeads = false;
  }

  #get(path: string): Promise<unknown> {
    return this.#options.api.expect(this.userId, 'GET', path);
  }
}

function isJoin(event: Event, userId: string): boolean {
  if (event.event === 'chat.created') return true;
  return event.event === 'member.added' && event.data.members.some((member) => member.user_id === userId);
}
