import { Client } from 'pg';
import { ApiClient } from '../api-client.ts';
import { type Evidence, type Violation, violationsOf } from '../checker/invariants.ts';
import { readTruth, type Truth, visibleTo } from '../checker/truth.ts';
import { Reader, type Ticket } from '../recorder/reader.ts';
import type { ReaderRecord } from '../recorder/reader-record.ts';
import { type Conversation, Writer } from '../recorder/writer.ts';
import { FaultCluster, type FaultClusterOptions } from './fault-cluster.ts';

export type FaultRunOptions = FaultClusterOptions & {
  /** Groups of the load; every user is in several. */
  readonly chats?: number;
  readonly users?: number;
  /** Each user has a second reader from the start, on a shard that does not own the user's partition: events come to it by Redis. */
  readonly hasForeignTabs?: boolean;
  readonly perSecond?: number;
  /** Period of the readers' heads checks: it bounds how long the quiescence may take. */
  readonly headsEveryMs?: number;
  readonly textOf?: (n: number) => string;
};

type SettleOptions = { readonly allPushed?: boolean | readonly Reader[]; readonly deadlineMs?: number };

const membersOfAChat = 5;
const requestTimeoutMs = 5_000;
const settleDeadlineMs = 60_000;
const shownItems = 5;
const leftByClient = 1000;

/**
 * One fault test: a cluster, users in groups, a reader for each, a writer that keeps a constant load. The test does harm while the
 * load runs; `settle` stops the load, heals, waits until all is quiet and checks every invariant against Postgres.
 */
export class FaultRun implements AsyncDisposable {
  readonly cluster: FaultCluster;
  readonly api: ApiClient;
  readonly writer: Writer;
  readonly readers: Reader[] = [];
  readonly conversations: readonly Conversation[];
  readonly #headsEveryMs: number;
  /** Readers who were there, and each chat's last `seq`, when the load began: from there on everything is pushed. */
  #firstReaders: readonly Reader[] = [];
  #firstHeads: ReadonlyMap<string, number> = new Map();

  private constructor(cluster: FaultCluster, api: ApiClient, conversations: readonly Conversation[], options: FaultRunOptions) {
    this.cluster = cluster;
    this.api = api;
    this.conversations = conversations;
    this.#headsEveryMs = options.headsEveryMs ?? 5_000;
    const textOf = options.textOf === undefined ? {} : { textOf: options.textOf };
    this.writer = new Writer({ api, conversations, perSecond: options.perSecond ?? 30, ...textOf });
  }

  /** Everybody is connected, has a snapshot, and the load flows. On failure nothing is left running. */
  static async start(options: FaultRunOptions): Promise<FaultRun> {
    const cluster = await FaultCluster.launch(options);
    let started: AsyncDisposable = cluster;
    try {
      const api = new ApiClient(() => cluster.apiUrl(), { timeoutMs: requestTimeoutMs });
      const users = [...Array(options.users ?? 10).keys()].map((n) => `user-${n}`);
      const run = new FaultRun(cluster, api, await makeGroups(api, users, options.chats ?? 5), options);
      started = run;
      await run.#begin(users, options.hasForeignTabs === true);
      return run;
    } catch (error) {
      await started[Symbol.asyncDispose]();
      throw error;
    }
  }

  async #begin(users: readonly string[], hasForeignTabs: boolean): Promise<void> {
    await Promise.all(users.map((user) => this.connect(user)));
    if (hasForeignTabs) await Promise.all(users.map((user) => this.connectForeign(user)));
    this.#firstReaders = [...this.readers];
    this.#firstHeads = (await readTruth(this.cluster.databaseUrl)).heads;
    this.writer.start();
    await this.answers(20);
  }

  /** One more reader, for any user. */
  connect(userId: string): Promise<Reader> {
    return this.#open(userId);
  }

  /** One more reader that always connects to a shard that does not own the user's partition, as long as there is one: events come to it by Redis. */
  connectForeign(userId: string): Promise<Reader> {
    return this.#open(userId, async () => {
      const { shard_id: owner } = await this.api.ticket(userId);
      return this.api.ticket(userId, { avoid_shard_id: owner });
    });
  }

  /** Waits until so many further messages were answered 2xx. */
  async answers(count: number, deadlineMs = 60_000): Promise<void> {
    const goal = this.writer.answered + count;
    await this.until(() => this.writer.answered >= goal, `${count} further answers`, deadlineMs);
  }

  /** Waits until so many further events were pushed, over all readers. */
  async pushes(count: number, deadlineMs = 60_000): Promise<void> {
    const total = () => this.readers.reduce((sum, reader) => sum + reader.record.pushes.length, 0);
    const goal = total() + count;
    await this.until(() => total() >= goal, `${count} further pushes`, deadlineMs);
  }

  /** Waits until each of these readers was pushed something more. */
  async pushesToEach(readers: readonly Reader[] = this.readers, deadlineMs = 30_000): Promise<void> {
    const sinceMs = performance.now();
    const isServed = ({ record }: Reader) => (record.pushes.at(-1)?.atMs ?? 0) > sinceMs;
    const missed = () => readers.filter((reader) => !isServed(reader)).map(({ userId, shardId }) => `${userId} on ${shardId}`);
    await this.until(() => missed().length === 0, 'push to each reader', deadlineMs).catch((error: unknown) => {
      throw new Error(`not pushed to: ${missed().join(', ')}`, { cause: error });
    });
  }

  /** Waits until all that is stored by now was pushed to each of these first readers, while the load goes on. */
  async pushesOfAllSoFar(readers: readonly Reader[], deadlineMs = 60_000): Promise<void> {
    const truth = await readTruth(this.cluster.databaseUrl);
    const missed = () => this.#neverPushedTo(truth, readers);
    await this.until(() => missed().length === 0, 'push of all that is stored', deadlineMs).catch((error: unknown) => {
      throw new Error(`not pushed: ${missed().slice(0, shownItems).join(', ')}`, { cause: error });
    });
  }

  async until(holds: () => boolean | Promise<boolean>, what: string, deadlineMs = 60_000): Promise<void> {
    const deadline = Date.now() + deadlineMs;
    while (!(await holds())) {
      if (Date.now() > deadline) throw new Error(`no ${what} within ${deadlineMs} ms\n${this.#tail()}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  /** Rows of the outbox, as Postgres counts them now. */
  async outboxRows(): Promise<number> {
    return this.query<{ rows: string }>('SELECT count(*) AS rows FROM outbox').then(([row]) => Number(row?.rows));
  }

  /** One statement on the cluster's database, past the proxies. */
  async query<Row extends object>(text: string, values: readonly unknown[] = []): Promise<Row[]> {
    const client = new Client({ connectionString: this.cluster.databaseUrl });
    await client.connect();
    try {
      return (await client.query<Row>(text, [...values])).rows;
    } finally {
      await client.end();
    }
  }

  /**
   * Stops the load, heals, waits for quiet, and fails with the first items of every invariant that is broken. With `allPushed` nothing
   * may have come by HTTP alone: a client's own checks heal nearly everything, so this shows that there was nothing to heal [D3]. It
   * may be said of some of the first readers only. And whoever kept the connection, or left it only for one that was there, and was not
   * told of a loss was pushed everything, always [D6].
   */
  async settle({ allPushed = false, deadlineMs = settleDeadlineMs }: SettleOptions = {}): Promise<Evidence> {
    await this.cluster.heal();
    await this.writer.stop();
    const deadline = Date.now() + deadlineMs;
    let evidence = await this.evidence();
    while (!this.#isQuiet(evidence, allPushed) && Date.now() < deadline) {
      await new Promise((resolve) => setTimeout(resolve, 200));
      evidence = await this.evidence();
    }
    const violations = [...violationsOf(evidence), ...this.#neverPushed(evidence, allPushed)];
    if (violations.length > 0) throw new Error(`${violations.map(report).join('\n')}\n${this.#tail()}`);
    return evidence;
  }

  async evidence(): Promise<Evidence> {
    const truth = await readTruth(this.cluster.databaseUrl);
    const readers = this.readers.map((reader) => ({
      userId: reader.userId,
      shown: new Map(Array.from(reader.timelines(), ([chatId, { events }]) => [chatId, events])),
      pushes: reader.record.pushes,
      fetched: reader.record.fetched,
      faults: reader.record.faults,
    }));
    return { truth, writes: this.writer.writes, readers };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.writer[Symbol.asyncDispose]();
    await Promise.all(this.readers.map((reader) => reader[Symbol.asyncDispose]()));
    await this.cluster[Symbol.asyncDispose]();
  }

  async #open(userId: string, ticketOf?: () => Promise<Ticket>): Promise<Reader> {
    const reader = await Reader.open({ api: this.api, userId, headsEveryMs: this.#headsEveryMs, ticketOf });
    this.readers.push(reader);
    return reader;
  }

  #isQuiet(evidence: Evidence, allPushed: boolean | readonly Reader[]): boolean {
    const { truth, readers } = evidence;
    if (truth.outboxRows > 0 || !this.readers.every((reader) => reader.isQuiet)) return false;
    if (this.#neverPushed(evidence, allPushed).length > 0) return false;
    return readers.every(({ userId, shown }) =>
      [...truth.heads.keys()].every((chatId) => visibleTo(truth, chatId, userId).length === (shown.get(chatId)?.length ?? 0)),
    );
  }

  /** What was to be pushed to those who were connected when the load began, and was not. */
  #neverPushed({ truth }: Evidence, allPushed: boolean | readonly Reader[]): Violation[] {
    const isMeant = (reader: Reader) => (typeof allPushed === 'boolean' ? allPushed : allPushed.includes(reader));
    const readers = this.#firstReaders.filter((reader) => isMeant(reader) || knowsOfNoLoss(reader));
    const items = this.#neverPushedTo(truth, readers);
    return items.length === 0 ? [] : [{ invariant: 'D3 D6 all pushed, or told', items }];
  }

  #neverPushedTo(truth: Truth, readers: readonly Reader[]): string[] {
    return readers.flatMap(({ userId, record }) => {
      const pushed = new Set(record.pushes.map(({ chatId, seq }) => `${chatId} ${seq}`));
      return [...truth.heads.keys()].flatMap((chatId) =>
        visibleTo(truth, chatId, userId)
          .filter(({ seq }) => seq > (this.#firstHeads.get(chatId) ?? 0) && !pushed.has(`${chatId} ${seq}`))
          .map(({ seq }) => `${userId}: chat ${chatId} seq ${seq}, told ${wordsTo(record)}`),
      );
    });
  }

  /** The end of what each process said, for whoever has to find out. */
  #tail(): string {
    const members = [...this.cluster.apis, ...this.cluster.shards];
    return members
      .map(({ role, process }) => `--- ${role} (${process.ended ?? 'runs'})\n${process.lastLines().slice(-15).join('\n')}`)
      .join('\n');
  }
}

/** Nothing told the reader to ask for what it missed: it ended connections itself, if at all, for one that it had already. */
function knowsOfNoLoss({ record }: Reader): boolean {
  return !record.isTold && record.closes.every(({ code }) => code === leftByClient);
}

function wordsTo({ resyncs, watermarks, degradedStarts, closes }: ReaderRecord): string {
  const counts = `${watermarks} watermarks, ${degradedStarts} degraded starts, ${closes.length} closes`;
  return `${resyncs.length === 0 ? 'nothing' : resyncs.join(' ')} (${counts})`;
}

/** Chat n has the users n, n + 1, …, in turn: everybody is in as many chats as everybody else. */
async function makeGroups(api: ApiClient, users: readonly string[], count: number): Promise<Conversation[]> {
  const size = Math.min(membersOfAChat, users.length);
  const groups = [...Array(count).keys()].map(async (n) => {
    const memberIds = [...Array(size).keys()].map((k) => users[(n * 2 + k) % users.length] ?? '');
    const [owner = '', ...others] = memberIds;
    const chat = await api.createGroup(owner, others, `Group ${n}`);
    return { chatId: chat.id, memberIds };
  });
  return Promise.all(groups);
}

function report({ invariant, items }: Violation): string {
  const more = items.length > shownItems ? `\n  … ${items.length - shownItems} more` : '';
  return `${invariant}: ${items.length} violations\n${items
    .slice(0, shownItems)
    .map((item) => `  ${item}`)
    .join('\n')}${more}`;
}
