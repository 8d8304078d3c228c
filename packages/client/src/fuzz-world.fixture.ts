import { deepStrictEqual as deepEqual } from 'node:assert';
import { type Client, createClient } from './client.ts';
import { FuzzNetwork, type FuzzSocket, type Weather } from './fuzz-network.fixture.ts';
import { FakeServer } from './testing/fake-server.ts';
import { ManualClock, settled } from './testing/manual-clock.ts';
import { visibleMessages } from './testing/model-server.ts';
import type { OverviewEntry, ServerFrame } from './wire.ts';

export type Step = readonly [what: number, a: number, b: number];

const chatIds = ['c1', 'c2'];
const comingBack = [1000, 1001, 1006, 1011, 1012, 1013, 4000, 4001, 4002, 4003, 4004];
const forGood = [4500, 4501, 4503, 4999, 1008];

/** A whole client on a network that does anything at any time. Throws when it does what it may not, or does not come to rest. */
export class FuzzWorld {
  static readonly worthSeeing = ['closed', 'degraded', 'frozen', 'handover', 'resumed', 'retried', 'waiting'];
  readonly seen = new Set<string>();
  readonly #clock = new ManualClock();
  readonly #server: FakeServer;
  readonly #network: FuzzNetwork;
  readonly #client: Client;
  readonly #sent: string[] = [];
  readonly #withMembers = new Set<string>();
  readonly #isBlind: boolean;
  #state: number;
  #names = 0;
  #isOver = false;
  #wake: () => void = () => undefined;

  constructor(seed: number) {
    this.#state = seed;
    this.#isBlind = seed % 2 === 1;
    this.#server = new FakeServer({ userId: 'me', nowMs: () => this.#clock.nowMs() });
    for (const chatId of chatIds) this.#server.act((model) => model.createChat(chatId, ['ann', 'bob']));
    this.#network = new FuzzNetwork(this.#server, this.#clock, () => this.#random());
    this.#client = createClient({
      apiUrl: this.#server.apiUrl,
      fetch: this.#network.fetch,
      WebSocket: this.#network.WebSocket,
      getToken: () => 'token',
      clock: this.#clock,
      random: () => this.#random(),
      environment: (wake) => {
        this.#wake = wake;
        return () => undefined;
      },
    });
    this.#client.connection.subscribe(() => void this.seen.add(this.#client.connection.getSnapshot().kind));
    this.#client.on('error', () => void this.seen.add('retried'));
    this.#network.isBlind = this.#isBlind;
    this.#network.isConnected = () => ['syncing', 'live'].includes(this.#client.connection.getSnapshot().kind);
    for (const chatId of chatIds) this.#client.chat(chatId).subscribe(() => undefined);
    this.#connect();
    this.#beat();
  }

  /** One step, then time: mostly a little, sometimes much. */
  async run([what, a, b]: Step): Promise<void> {
    this.#act(what, a, b);
    await this.#pass(b % 4 === 0 ? 500 * a : 7 * a);
  }

  /** The network is healed. After the longest wait, silence and check that there are, the client is live and shows what is. */
  async settle(): Promise<void> {
    this.#network.heal();
    this.#push({ type: 'resync', reason: 'recovered' });
    this.#connect();
    for (let n = 0; n < 30; n += 1) await this.#pass(10_000);
    const before = this.#server.requests.length;
    for (let n = 0; n < 12; n += 1) await this.#pass(10_000);
    const calm = this.#server.requests.slice(before).map(({ method, path }) => `${method} ${path}`);
    if (calm.length > 6) throw new Error(`busy at rest: ${calm.join(', ')}`);
    this.#expectFresh();
    if (this.#client.stats().resumes > 0) this.seen.add('resumed');
    this.#client.dispose();
    await settled();
    if (this.#network.open.length > 0) throw new Error('a connection outlives its client');
  }

  #connect(): void {
    this.#isOver = false;
    if (['idle', 'closed'].includes(this.#client.connection.getSnapshot().kind)) this.#network.allowTicket();
    void this.#client.connect().catch(() => undefined);
  }

  #beat(): void {
    this.#network.heartbeat();
    this.#clock.after(20_000, () => this.#beat());
  }

  async #pass(ms: number): Promise<void> {
    for (let left = ms; left >= 0; left -= 1_000) {
      await this.#clock.advance(Math.min(left, 1_000));
      this.#network.check();
    }
    this.#expectPrefix();
    if (this.#isOver) deepEqual(this.#client.connection.getSnapshot().kind, 'closed');
    const [broken] = this.#network.broken;
    if (broken !== undefined) throw new Error(broken);
  }

  #act(what: number, a: number, b: number): void {
    const chatId = chatIds[a % 2] ?? '';
    if (what < 30) this.#change(chatId, what, b);
    else if (what < 40) this.#use(chatId, what, b);
    else if (what < 52) this.#pick(a)?.cut(pick(comingBack, b), 'why');
    else if (what < 54) this.#end(a, b);
    else if (what < 60) this.#freeze(a);
    else if (what < 72) this.#network.foresee(forecast(what, a, b));
    else if (what < 78) this.#advise(a, b);
    else if (what < 84) this.#network.greeting = pick(['now', 'late', 'never', 'now'] as const, b);
    else if (what < 90) this.#resync(b);
    else if (what < 94) this.#server.lose = b < 4 ? () => true : () => false;
    else if (what < 97) this.#wake();
    else this.#network.mayResume = b < 4;
  }

  /** Something happens on the server. */
  #change(chatId: string, what: number, b: number): void {
    this.#names += 1;
    this.#server.act((model) => {
      if (what < 16) model.send(chatId, 'ann', `ann-${this.#names}`, `text ${this.#names}`);
      else if (what < 19) model.edit(chatId, b, `edited ${this.#names}`);
      else if (what < 22) model.delete(chatId, b);
      else if (what < 24) model.rename(chatId, `title ${this.#names}`);
      else if (what < 26) model.read(chatId, b);
      else if (what < 28) model.remove('c2', 'me');
      else model.add('c2', 'me');
    });
  }

  /** The user does something. */
  #use(chatId: string, what: number, b: number): void {
    const chat = this.#client.chat(chatId);
    if (what < 36) {
      this.#names += 1;
      const text = `mine ${this.#names}`;
      if (chatId === 'c1') this.#sent.push(text);
      chat.send({ text });
    } else if (what < 38) chat.markRead();
    else if (what < 39) void chat.loadOlder({ limit: 1 + b }).catch(() => undefined);
    else if (b < 2) this.#client.checkHeads();
    else this.#openMembers(chatId);
  }

  #openMembers(chatId: string): void {
    if (this.#withMembers.has(chatId)) return;
    this.#withMembers.add(chatId);
    this.#client.chat(chatId).members.subscribe(() => undefined);
  }

  /** The app closes it and goes on at once or later, or the server ends it for good. */
  #end(a: number, b: number): void {
    if (b < 4) {
      this.#client.close();
      deepEqual(this.#network.open.length, 0, 'open after close');
      if (b < 2) {
        this.#connect();
        return;
      }
    } else {
      const isSettled = this.#client.connection.getSnapshot().kind === 'live' && this.#network.open.length === 1;
      if (!isSettled) return;
      this.#pick(a)?.cut(pick(forGood, b));
    }
    this.#isOver = true;
    this.#clock.after(60_000, () => this.#connect());
  }

  #freeze(a: number): void {
    const socket = this.#pick(a);
    if (socket === undefined) return;
    socket.isFrozen = true;
    this.seen.add('frozen');
  }

  #advise(a: number, b: number): void {
    // What a frozen connection missed before its successor came is found by the heads check only.
    if (this.#isBlind) return;
    const { kind } = this.#client.connection.getSnapshot();
    if (kind === 'live' && this.#network.open.length === 1) this.seen.add('handover');
    const not_before_ms = b < 4 ? 100 * a : 1_000 * b;
    const frame = { type: 'reconnect', reason: 'drain', url: 'ws://shard-1.test', ticket: `advice-${a}`, not_before_ms } as const;
    const old = this.#pick(a);
    old?.push(frame);
    if (b > 1) return;
    // A successor that never answers, and the old one ends before that is known.
    this.#network.greeting = 'never';
    this.#clock.after(not_before_ms + 3_000, () => old?.cut(4000));
  }

  #resync(b: number): void {
    const reason = pick(['overflow', 'gap', 'degraded', 'recovered', 'takeover'] as const, b);
    if (reason === 'degraded') this.seen.add('degraded');
    this.#push({ type: 'resync', reason });
  }

  #push(frame: ServerFrame): void {
    for (const socket of this.#network.open) socket.push(frame);
  }

  #pick(a: number): FuzzSocket | undefined {
    const { open } = this.#network;
    return open[a % Math.max(1, open.length)];
  }

  /** What is shown is a run of what is stored, without a gap. */
  #expectPrefix(): void {
    for (const chatId of chatIds) {
      const shown = this.#client
        .chat(chatId)
        .getSnapshot()
        .messages.map(({ seq }) => seq);
      const stored = visibleMessages(this.#server.model.now(chatId)).map(({ seq }) => seq);
      const from = stored.indexOf(shown[0] ?? -1);
      deepEqual(shown, shown.length === 0 ? [] : stored.slice(from, from + shown.length), `a gap in ${chatId}`);
    }
  }

  #expectFresh(): void {
    const { model } = this.#server;
    deepEqual(this.#client.connection.getSnapshot().kind, 'live');
    const lines = this.#client.overview.getSnapshot();
    deepEqual(this.#comparable(lines.chats), this.#comparable(model.overview()), 'overview');
    deepEqual(lines.status, 'live');
    for (const chatId of chatIds) {
      const { messages, pending, status, ended } = this.#client.chat(chatId).getSnapshot();
      if (!model.isMember(chatId)) {
        deepEqual(ended === 'removed' || ended === 'gone', true, `${chatId} has not ended: ${ended}`);
        continue;
      }
      deepEqual([status, ended], ['live', undefined]);
      deepEqual(messages, visibleMessages(model.now(chatId)).slice(-messages.length), chatId);
      const list = this.#client.chat(chatId).members.getSnapshot();
      if (this.#withMembers.has(chatId))
        deepEqual([list.status, list.members], ['live', model.now(chatId).members], `members of ${chatId}`);
      deepEqual(messages.at(-1), visibleMessages(model.now(chatId)).at(-1), `the last of ${chatId}`);
      deepEqual(
        pending.filter(({ state }) => state !== 'failed'),
        [],
        `pending in ${chatId}`,
      );
    }
    const mine = model.now('c1').messages.filter(({ sender_id }) => sender_id === 'me');
    deepEqual(mine.length, this.#sent.length, 'each message of mine once');
  }

  /** Sync tells of no read position [C13]. */
  #comparable(entries: readonly OverviewEntry[]): OverviewEntry[] {
    const unread = this.#isBlind ? { read_message_no: 0, unread_count: 0 } : {};
    return entries.map((entry) => ({ ...entry, ...unread })).sort((a, b) => (a.id < b.id ? -1 : 1));
  }

  /** A small generator of its own, so that one seed is one history. */
  #random(): number {
    this.#state = (Math.imul(this.#state, 1_664_525) + 1_013_904_223) >>> 0;
    return this.#state / 2 ** 32;
  }
}

function forecast(what: number, a: number, b: number): Weather[] {
  const kind = what < 64 ? 'slow' : what < 69 ? 'refused' : 'lost';
  const weather: Weather = { kind, ms: 130 * a, status: pick([503, 429, 500, 503] as const, a) };
  return Array<Weather>(1 + b).fill(weather);
}

function pick<T>(choices: readonly [T, ...T[]] | readonly T[], at: number): T {
  const choice = choices[at % choices.length];
  if (choice === undefined) throw new Error('nothing to pick from');
  return choice;
}
