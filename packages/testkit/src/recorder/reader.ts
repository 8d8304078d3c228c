import { type Event, mayReconnect, type ServerFrame } from '@carillon/protocol';
import type { ApiClient } from '../api-client.ts';
import { SocketClient } from '../socket-client.ts';
import { CatchUp } from './catch-up.ts';
import { ReaderRecord } from './reader-record.ts';
import type { Timeline } from './timeline.ts';
import { Timers } from './timers.ts';

export type ReaderOptions = {
  readonly api: ApiClient;
  readonly userId: string;
  /** Period of the heads check, ± 50 %: it bounds how long a loss can stay unnoticed. 60 s in the contract. */
  readonly headsEveryMs?: number;
  /** Where it connects to, each time anew, but where a shard advises it to; by default where the API sends it. */
  readonly ticketOf?: ((userId: string) => Promise<Ticket>) | undefined;
};

export type Ticket = { readonly url: string; readonly ticket: string };

const reconnectMs = { first: 200, longest: 2_000 };
const overlapMs = 5_000;
const degradedHeadsMs = 5_000;
/** Heartbeats without any frame after which a client takes its connection for dead. */
const silentHeartbeats = 2.5;

/**
 * A minimal correct client of one user: connect, buffer, ready, snapshot, merge; a hole or a `watermark` leads to `/events`, a
 * `resync`, a reconnect or a wrong frame count to `/v1/sync`; heads are checked on reconnect and periodically; a `reconnect` advice is
 * followed before the old connection is left, and one that is silent for 2.5 heartbeats is cut. It shows a timeline per chat and records
 * how it came to it.
 */
export class Reader implements AsyncDisposable {
  readonly userId: string;
  readonly record = new ReaderRecord();
  readonly #options: ReaderOptions;
  readonly #catchUp: CatchUp;
  readonly #sockets = new Set<SocketClient>();
  readonly #timers = new Timers();
  #isPaused = false;
  #current: SocketClient | undefined;
  #connections = 0;
  #isDegraded = false;
  #isStopped = false;
  #connecting: Promise<void> | undefined;

  constructor(options: ReaderOptions) {
    this.#options = options;
    this.userId = options.userId;
    this.#catchUp = new CatchUp({ ...options, record: this.record });
  }

  /** Connected, and its snapshot loaded. */
  static async open(options: ReaderOptions): Promise<Reader> {
    const reader = new Reader(options);
    try {
      reader.#reconnect(0);
      await reader.until(() => reader.isQuiet, 'first snapshot');
    } catch (error) {
      await reader[Symbol.asyncDispose]();
      throw error;
    }
    reader.#checkHeadsLater();
    return reader;
  }

  /** What it shows. */
  timelines(): ReadonlyMap<string, Timeline> {
    return this.#catchUp.timelines();
  }

  get isConnected(): boolean {
    return this.#current !== undefined;
  }

  /** The shard of its current connection. */
  get shardId(): string | undefined {
    return readyOf(this.#current)?.shard_id;
  }

  /** Connected, and nothing is known to be missing. */
  get isQuiet(): boolean {
    return this.isConnected && this.#catchUp.isWhole;
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

  /** Stops and starts reading from the current connection, as an app that hangs does; it judges no silence meanwhile. */
  pause(): void {
    this.#isPaused = true;
    this.#current?.pause();
  }

  resume(): void {
    this.#isPaused = false;
    this.#current?.resume();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isStopped = true;
    this.#timers[Symbol.dispose]();
    const closeAll = () => Promise.all([...this.#sockets].map((socket) => socket[Symbol.asyncDispose]()));
    await closeAll();
    await this.#connecting;
    await this.#catchUp[Symbol.asyncDispose]();
    await closeAll();
  }

  #reconnect(attempt: number): void {
    this.#connecting = this.#connect().catch(() => {
      const waitMs = Math.min(reconnectMs.longest, reconnectMs.first * 2 ** attempt) * Math.random();
      this.#timers.after(waitMs, () => this.#reconnect(attempt + 1));
    });
  }

  /** Rejects when there is no ticket or no `ready`. */
  async #connect(advised?: Ticket): Promise<void> {
    const { api, userId, ticketOf = () => api.ticket(userId) } = this.#options;
    const connection = this.#connections;
    this.#connections += 1;
    const counted = { frames: 0 };
    const socket = await SocketClient.open(advised ?? (await ticketOf(userId)), (frame) => this.#take(frame, connection, counted));
    if (this.#isStopped) return void (await socket[Symbol.asyncDispose]());
    const before = this.#current;
    this.#sockets.add(socket);
    this.#current = socket;
    this.#watchSilence(socket, readyOf(socket)?.heartbeat_ms ?? Number.POSITIVE_INFINITY);
    this.record.readyAtMs.push(performance.now());
    void socket.closed().then(({ code }) => this.#onClosed(socket, connection, code));
    if (before === undefined) this.#catchUp.sync();
    else this.#timers.after(overlapMs, () => before.close());
    this.#catchUp.checkHeads();
  }

  /** A connection that died without a word is cut by the client: `onClosed` leads to a new one. */
  #watchSilence(socket: SocketClient, heartbeatMs: number, seen = 0): void {
    this.#timers.after(heartbeatMs * silentHeartbeats, () => {
      const { length } = socket.frames;
      if (!this.#sockets.has(socket)) return;
      if (length > seen || this.#isPaused) this.#watchSilence(socket, heartbeatMs, length);
      else void socket[Symbol.asyncDispose]();
    });
  }

  #onClosed(socket: SocketClient, connection: number, code: number): void {
    this.#sockets.delete(socket);
    if (this.#isStopped) return;
    this.record.closes.push({ atMs: performance.now(), code, connection });
    if (!mayReconnect(code)) this.record.faults.push(`closed with ${code}, which means stop`);
    else if (socket === this.#current) {
      this.#current = undefined;
      this.#isDegraded = false;
      this.#timers.after(reconnectMs.first * Math.random(), () => this.#reconnect(1));
    }
  }

  #take(frame: ServerFrame, connection: number, counted: { frames: number }): void {
    this.record.frames.push({ atMs: performance.now(), connection, type: frame.type });
    if (!['ready', 'heartbeat', 'pong'].includes(frame.type)) counted.frames += 1;
    if (frame.type === 'ready') this.#onReady(frame.degraded);
    else if (frame.type === 'event') this.#onEvent(frame, connection);
    else if (frame.type === 'watermark') this.#onWatermark(frame.chat_id, frame.seq);
    else if (frame.type === 'resync') this.#onResync(frame.reason);
    else if (frame.type === 'reconnect') this.#timers.after(frame.not_before_ms, () => this.#move(frame));
    else if (frame.type === 'heartbeat') {
      // A frame was never handed over, or got lost on the way: the last one may be missing.
      if (frame.sent !== counted.frames) this.#catchUp.sync();
      counted.frames = frame.sent;
    }
  }

  #onReady(isDegraded: boolean): void {
    this.#isDegraded = isDegraded;
    if (isDegraded) this.record.degradedStarts += 1;
  }

  #onEvent(event: Event, connection: number): void {
    this.record.push(connection, event);
    this.#catchUp.merge(event);
  }

  #onWatermark(chatId: string, seq: number): void {
    this.record.watermarks += 1;
    this.#catchUp.expect(chatId, seq);
  }

  #onResync(reason: string): void {
    this.record.resyncs.push(reason);
    this.#isDegraded = reason === 'degraded' || (this.#isDegraded && reason !== 'recovered');
    if (reason === 'degraded') this.#catchUp.checkHeads();
    else this.#catchUp.sync();
  }

  /** Make before break; if it fails, the old connection's end leads to a new one. */
  #move(advice: Ticket): void {
    this.#connect(advice).catch(() => undefined);
  }

  #checkHeadsLater(): void {
    const period = this.#isDegraded ? degradedHeadsMs : (this.#options.headsEveryMs ?? 60_000);
    this.#timers.after(period * (0.5 + Math.random()), () => {
      this.#catchUp.checkHeads();
      this.#checkHeadsLater();
    });
  }
}

function readyOf(socket: SocketClient | undefined) {
  return socket?.frames.find((frame) => frame.type === 'ready');
}
