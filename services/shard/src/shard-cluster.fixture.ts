import { once } from 'node:events';
import type { IncomingHttpHeaders } from 'node:http';
import { Tickets } from '@carillon/auth';
import { type EventLogReader, InProcessEventLog, type LogRecord } from '@carillon/event-log';
import { InProcessPresence } from '@carillon/presence';
import { partitionOf } from '@carillon/protocol';
import { type Clock, createLogger, Metrics, parseConfig, systemClock } from '@carillon/runtime';
import { expect } from 'vitest';
import WebSocket from 'ws';
import { shardConfigSchema } from './config.ts';
import { InProcessInboxes } from './inbox/in-process-inbox.ts';
import type { Inbox } from './inbox/inbox.ts';
import { ShardMetrics } from './metrics.ts';
import { createShard, type Shard } from './shard.ts';

export const ticketSecret = 'a-ticket-secret-of-at-least-32-bytes-for-tests';
export const jwtSecret = 'a-token-secret-of-at-least-32-bytes-for-tests!';
export const chatId = '01890000-0000-7000-8000-000000000001';
const partitionCount = 8;

/** Ten times faster: leases, spreads and pauses pass in a tenth of their time. */
export const fastClock: Clock = {
  nowMs: systemClock.nowMs,
  monotonicMs: () => systemClock.monotonicMs() * 10,
  sleep: (ms, signal) => systemClock.sleep(ms / 10, signal),
  every: (ms, tick) => systemClock.every(ms / 10, tick),
};

/** What a test puts around a part that shards share. */
export type ClusterFaults = {
  readonly presence?: InProcessPresence;
  readonly aroundInbox?: (inbox: Inbox) => Inbox;
  readonly aroundReader?: (reader: EventLogReader) => EventLogReader;
};

/** Shards on one in-process event log, presence and inbox; all that a test starts here it stops by disposing of the cluster. */
export class ShardCluster implements AsyncDisposable {
  readonly clock: Clock;
  readonly log: InProcessEventLog;
  readonly presence: InProcessPresence;
  readonly inboxes = new InProcessInboxes();
  readonly tickets: Tickets;
  readonly logLines: string[] = [];
  /** Why shards could not go on: their processes would have ended. A test that expects one takes it out. */
  readonly fatal: Error[] = [];
  readonly #faults: ClusterFaults;
  readonly #writer;
  readonly #shards: Shard[] = [];
  readonly #clients: TestClient[] = [];

  constructor(clock: Clock = systemClock, faults: ClusterFaults = {}) {
    this.clock = clock;
    this.#faults = faults;
    this.log = new InProcessEventLog({ partitionCount });
    this.presence = faults.presence ?? new InProcessPresence();
    this.tickets = new Tickets(ticketSecret, clock);
    this.#writer = this.log.createWriter();
  }

  async start(env: Readonly<Record<string, string>> = {}): Promise<TestShard> {
    const metrics = new Metrics();
    const id = env['SHARD_ID'] ?? `shard-${this.#shards.length}`;
    const variables = {
      SHARD_PORT: '0',
      SHARD_ID: id,
      TICKET_SECRET: ticketSecret,
      AUTH_JWT_SECRET: jwtSecret,
      HEARTBEAT_MS: '60000',
      ...env,
    };
    const shard = createShard(parseConfig(shardConfigSchema(false), variables), {
      reader: (member) => around(this.log.createReader(member), this.#faults.aroundReader),
      partitionCount,
      presence: this.presence,
      inbox: (token) => around(this.inboxes.open(token), this.#faults.aroundInbox),
      logger: createLogger({
        level: 'trace',
        pretty: false,
        name: 'test',
        destination: { write: (line) => void this.logLines.push(line) },
      }),
      metrics: new ShardMetrics(metrics),
      clock: this.clock,
      onFatal: (error) => void this.fatal.push(error),
    });
    this.#shards.push(shard);
    const { url } = await shard.start();
    return { id, url, shard, metrics };
  }

  /** A client that has sent its upgrade; it may be refused. */
  dial(url: string, offer: Offer = {}): TestClient {
    const client = new TestClient(url, offer);
    this.#clients.push(client);
    return client;
  }

  /** A connected user: resolves after `ready`. */
  async connect(shard: TestShard, userId: string, sessionMs = 600_000): Promise<TestClient> {
    const client = this.dial(shard.url, { protocols: ['carillon.v1', `ticket.${await this.ticket(userId, sessionMs)}`] });
    await client.next('ready');
    return client;
  }

  async ticket(userId: string, sessionMs = 600_000): Promise<string> {
    const sessionExpiresAtMs = this.clock.nowMs() + sessionMs;
    return this.tickets.issue({ userId, sessionExpiresAtMs, lifetimeMs: 60_000 }).ticket;
  }

  /** Appends one event to the log for each partition that its recipients are in. */
  async notify(recipients: readonly string[], event: { seq: number; chat?: string; event?: string; pad?: number }): Promise<void> {
    const chat = event.chat ?? chatId;
    const frame = {
      type: 'event',
      event: event.event ?? 'message.created',
      chat_id: chat,
      seq: event.seq,
      pad: 'x'.repeat(event.pad ?? 0),
    };
    await this.append(recipients, { chatId: chat, seq: event.seq, event: frame.event, value: Buffer.from(JSON.stringify(frame)) });
  }

  async append(recipients: readonly string[], record: Omit<LogRecord, 'partition' | 'recipients'>): Promise<void> {
    const groups = new Map<number, string[]>();
    for (const userId of recipients) {
      const partition = partitionOf(userId, partitionCount);
      groups.set(partition, [...(groups.get(partition) ?? []), userId]);
    }
    await this.#writer.append(Array.from(groups, ([partition, users]) => ({ ...record, partition, recipients: users })));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const client of this.#clients) client.cut();
    await Promise.all(this.#shards.map((shard) => shard.stop()));
    expect(this.fatal).toEqual([]);
  }
}

function around<T>(part: T, wrap: ((part: T) => T) | undefined): T {
  return wrap === undefined ? part : wrap(part);
}

export type TestShard = { readonly id: string; readonly url: string; readonly shard: Shard; readonly metrics: Metrics };

export type Offer = {
  readonly protocols?: readonly string[];
  readonly query?: string;
  readonly headers?: Record<string, string>;
  readonly path?: string;
  /** Of WebSocket itself; 13 by default. */
  readonly version?: number;
};

export type Frame = { readonly type: string } & Readonly<Record<string, unknown>>;

/** A plain WebSocket client that keeps whatever it sees. */
export class TestClient {
  readonly socket: WebSocket;
  readonly frames: Frame[] = [];
  /** Frames as text, byte for byte. */
  readonly texts: string[] = [];
  closed: { code: number; reason: string } | undefined;
  refused: { status: number; headers: IncomingHttpHeaders } | undefined;
  #taken = 0;

  constructor(url: string, offer: Offer) {
    const query = offer.query === undefined ? '' : `?${offer.query}`;
    this.socket = new WebSocket(`${url}${offer.path ?? '/v1/ws'}${query}`, [...(offer.protocols ?? [])], {
      headers: offer.headers ?? {},
      protocolVersion: offer.version ?? 13,
    });
    this.socket.on('message', (data) => {
      this.texts.push(String(data));
      this.frames.push(JSON.parse(String(data)));
    });
    this.socket.on('close', (code, reason) => {
      this.closed = { code, reason: reason.toString() };
    });
    this.socket.on('unexpected-response', (request, response) => {
      this.refused = { status: response.statusCode ?? 0, headers: response.headers };
      response.resume();
      request.destroy();
    });
    // A refused or cut connection is an outcome that the test looks at, not an error of the test.
    this.socket.on('error', (error) => this.errors.push(error));
  }

  readonly errors: Error[] = [];

  /** The next frame of this type behind those that were taken before. */
  async next(type: string): Promise<Frame> {
    await expect.poll(() => this.#find(type) ?? this.closed, { interval: 5 }).toBeDefined();
    const found = this.#find(type);
    if (found === undefined) throw new Error(`closed with ${JSON.stringify(this.closed)} before ${type}`);
    this.#taken = this.frames.indexOf(found) + 1;
    return found;
  }

  async closeCode(): Promise<number> {
    await expect.poll(() => this.closed, { interval: 5 }).toBeDefined();
    return this.closed?.code ?? 0;
  }

  async status(): Promise<number> {
    await expect.poll(() => this.refused, { interval: 5 }).toBeDefined();
    return this.refused?.status ?? 0;
  }

  async opened(): Promise<void> {
    if (this.socket.readyState === WebSocket.CONNECTING) await once(this.socket, 'open');
  }

  send(frame: unknown): void {
    this.socket.send(typeof frame === 'string' || Buffer.isBuffer(frame) ? frame : JSON.stringify(frame));
  }

  seqs(): unknown[] {
    return this.frames.filter((frame) => frame.type === 'event').map((frame) => frame['seq']);
  }

  cut(): void {
    this.socket.terminate();
  }

  #find(type: string): Frame | undefined {
    return this.frames.slice(this.#taken).find((frame) => frame.type === type);
  }
}

/** The value of a metric's line whose labels contain all of these; 0 when there is none. */
export async function metric(shard: TestShard, name: string, ...labels: string[]): Promise<number> {
  const lines = (await shard.metrics.text()).split('\n');
  const line = lines.find(
    (text) => (text.startsWith(`${name}{`) || text.startsWith(`${name} `)) && labels.every((label) => text.includes(label)),
  );
  return Number(line?.split(' ').at(-1) ?? 0);
}
