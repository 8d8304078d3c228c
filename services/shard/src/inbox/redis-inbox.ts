import { connectRedis, leaseMs, parseRunId, parseShardToken, type ShardToken } from '@carillon/presence';
import { type Clock, fullJitterMs, type Logger, withDeadline } from '@carillon/runtime';
import type { Redis } from 'ioredis';
import { ReceivedNumbers, SentNumbers } from './entry-numbers.ts';
import { checkEntrySize, type Inbox, InboxGoneError, type InboxItem, type InboxListener, maxEntries } from './inbox.ts';
import { packItems, unpackItems } from './inbox-entry.ts';
import { parseEntries, type StreamEntry } from './stream-answers.ts';

export type RedisInboxOptions = {
  readonly token: ShardToken;
  readonly url: string;
  /** What all keys start with. */
  readonly keyPrefix?: string | undefined;
  readonly clock: Clock;
  readonly random: () => number;
  readonly logger: Logger;
};

const tendEveryMs = 1_000;
const blockMs = 2_000;
/** More than a blocking read and its connection's own time limit may take. */
const readLimitMs = 10_000;
const readEntries = 64;
const turnMs = 2;
const start = '0-0';

/**
 * The inbox as a Redis stream `inbox:{shard id}:{epoch}`, with one connection for commands and one that waits in XREAD. The
 * stream is made by its reader alone (senders use NOMKSTREAM), lives 15 s from the last tending, as long as a lease, and is
 * trimmed every second up to what was read. Bounds: `maxEntries` unread entries, beyond which the oldest go and show as a gap; 300 ms for
 * every command; one blocking read.
 *
 * A gap of all senders is told when the stream had vanished or the server is another one (`run_id`): then everything in the
 * stream is read again from its start, and the numbers drop what is known.
 */
export class RedisInbox implements Inbox {
  readonly #options: RedisInboxOptions;
  readonly #commands: Redis;
  readonly #reader: Redis;
  readonly #sent = new SentNumbers();
  readonly #received = new ReceivedNumbers();
  readonly #ended = new AbortController();
  #listener: InboxListener | undefined;
  #lastId = start;
  #runId: string | undefined;
  #wasCreated = false;
  #tending: Promise<void> | undefined;
  #timer: Disposable | undefined;
  #loop: Promise<void> = Promise.resolve();

  constructor(options: RedisInboxOptions) {
    const { url, logger, random } = options;
    this.#options = options;
    this.#commands = connectRedis({ url, logger, random, name: 'carillon-inbox', use: 'commands' });
    this.#reader = connectRedis({ url, logger, random, name: 'carillon-inbox-reader', use: 'blocking' });
    this.#commands.on('ready', () => void this.#tend());
  }

  async send(to: ShardToken, items: readonly InboxItem[]): Promise<void> {
    const number = this.#sent.next(to);
    checkEntrySize(items);
    const { items: text, values } = packItems(items);
    const fields = ['from', this.#options.token, 'n', number, 'items', text, 'values', values];
    const id = await this.#commands.call('XADD', this.#key(to), 'NOMKSTREAM', 'MAXLEN', '~', maxEntries, '*', ...fields);
    if (id === null) throw new InboxGoneError(to);
  }

  skip(to: ShardToken): void {
    this.#sent.next(to);
  }

  async start(listener: InboxListener): Promise<void> {
    this.#listener = listener;
    await this.#untilConnected();
    await this.#tend();
    this.#timer = this.#options.clock.every(tendEveryMs, () => void this.#tend());
    this.#loop = this.#readUntilEnded();
  }

  isConnected(): boolean {
    return this.#commands.status === 'ready' && this.#reader.status === 'ready';
  }

  /** Deletes the stream, so that senders see at once that this life is over. Resolves within 1 s. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#ended.abort();
    this.#timer?.[Symbol.dispose]();
    this.#reader.disconnect();
    await Promise.all([this.#loop, this.#tending]);
    try {
      if (this.#listener !== undefined) await this.#commands.unlink(this.#key(this.#options.token));
    } catch (err) {
      this.#options.logger.debug({ err }, 'the inbox could not be deleted, it expires by itself');
    }
    this.#commands.disconnect();
  }

  /** Keeps the stream alive, makes it anew when it vanished, trims what was read. One at a time; never rejects. */
  #tend(): Promise<void> {
    if (this.#listener === undefined || this.#ended.signal.aborted) return Promise.resolve();
    this.#tending ??= this.#tendNow()
      .catch((err: unknown) => this.#options.logger.debug({ err }, 'the inbox could not be tended'))
      .finally(() => {
        this.#tending = undefined;
      });
    return this.#tending;
  }

  async #tendNow(): Promise<void> {
    const key = this.#key(this.#options.token);
    const runId = parseRunId(await this.#commands.info('server'));
    const isAlive = (await this.#commands.pexpire(key, leaseMs)) === 1;
    if (!isAlive) await this.#create(key);
    const isLost = this.#wasCreated && (!isAlive || runId !== this.#runId);
    this.#wasCreated = true;
    this.#runId = runId;
    if (isLost) this.#beginAgain();
    else if (this.#lastId !== start) await this.#commands.xtrim(key, 'MINID', this.#lastId);
  }

  /** The first entry makes the stream; its reader skips it. */
  async #create(key: string): Promise<void> {
    await this.#commands.xadd(key, '*', 'created', '1');
    await this.#commands.pexpire(key, leaseMs);
  }

  #beginAgain(): void {
    this.#lastId = start;
    this.#options.logger.warn('the inbox was lost at the server');
    this.#listener?.onGap(undefined);
  }

  async #readUntilEnded(): Promise<void> {
    const { clock, random, logger } = this.#options;
    for (let failures = 0; !this.#ended.signal.aborted; ) {
      try {
        await this.#acceptAll(await this.#read());
        failures = 0;
      } catch (err) {
        if (this.#ended.signal.aborted) return;
        logger.debug({ err }, 'the inbox could not be read');
        failures += 1;
        const delayMs = 50 + fullJitterMs(failures, { baseMs: 50, capMs: 1_000 }, random);
        await clock.sleep(delayMs, this.#ended.signal).catch((reason: unknown) => reason);
      }
    }
  }

  async #read(): Promise<StreamEntry[]> {
    const stream = ['STREAMS', this.#key(this.#options.token), this.#lastId];
    const answer = this.#reader.callBuffer('XREAD', 'COUNT', readEntries, 'BLOCK', blockMs, ...stream);
    return parseEntries(await withDeadline(answer, readLimitMs, 'a blocking read of the inbox'));
  }

  /** Lets others run every few milliseconds: a backlog is thousands of items. */
  async #acceptAll(entries: readonly StreamEntry[]): Promise<void> {
    const { clock } = this.#options;
    let turnEndsAtMs = clock.monotonicMs() + turnMs;
    for (const entry of entries) {
      this.#accept(entry);
      if (clock.monotonicMs() < turnEndsAtMs) continue;
      await new Promise((resolve) => setImmediate(resolve));
      turnEndsAtMs = clock.monotonicMs() + turnMs;
    }
  }

  #accept(entry: StreamEntry): void {
    this.#lastId = entry.id;
    if (entry.from === undefined || this.#ended.signal.aborted) return;
    try {
      const sender = parseShardToken(entry.from).token;
      const order = this.#received.accept(sender, entry.number);
      if (order === 'duplicate') return;
      const items = unpackItems(entry);
      if (order === 'gap') this.#listener?.onGap(sender);
      this.#listener?.onItems(sender, items);
    } catch (err) {
      this.#options.logger.error({ err, from: entry.from }, 'an inbox entry that cannot be read');
      this.#listener?.onGap(undefined);
    }
  }

  /** A fresh connection gets a moment, so that the first tending succeeds where the server is there. */
  async #untilConnected(): Promise<void> {
    if (this.#commands.status === 'ready') return;
    const attempt = new Promise<void>((resolve) => {
      this.#commands.once('ready', resolve);
      this.#commands.once('close', resolve);
    });
    await Promise.race([attempt, this.#options.clock.sleep(300, this.#ended.signal)]);
  }

  #key(token: ShardToken): string {
    const { shardId, epoch } = parseShardToken(token);
    return `${this.#options.keyPrefix ?? 'carillon:'}inbox:${shardId}:${epoch}`;
  }
}
