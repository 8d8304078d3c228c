import type { EventLogWriter } from '@carillon/event-log';
import { type Clock, type Failpoint, fullJitterMs, type Logger, withDeadline } from '@carillon/runtime';
import { bucketOf, type Database, notifyBuckets, readMemberIntervals } from '@carillon/store';
import { appendParts } from './append-parts.ts';
import { BucketNotifier } from './bucket-notifier.ts';
import { BucketOwner } from './bucket-owner.ts';
import { type Batch, cutBatch } from './cut-batch.ts';
import { RecipientExpander } from './expand-recipients.ts';
import { pause } from './pause.ts';
import { PendingRows } from './pending-rows.ts';
import type { RelayMetrics } from './relay-metrics.ts';
import type { SignalSender } from './signal-sender.ts';
import { toRecords } from './to-records.ts';
import { WakeUp } from './wake-up.ts';

type OutboxRelayOptions = {
  /** A direct connection to the primary: session locks do not survive a transaction pooler. */
  readonly databaseUrl: string;
  readonly database: Database;
  /** The relay opens it and is the only one to append; whoever made it disposes of it. */
  readonly writer: EventLogWriter;
  readonly signals: SignalSender;
  readonly logger: Logger;
  readonly metrics: RelayMetrics;
  readonly clock: Clock;
  readonly random?: () => number;
  /** How often the outbox is looked at without a wake-up; 250 ms by default. */
  readonly sweepMs?: number;
  readonly failpoint?: Failpoint | undefined;
};

const statisticsMs = 5_000;
const stopMs = 5_000;
const retryAppend = { baseMs: 100, capMs: 2_000 };
const reconnect = { baseMs: 200, capMs: 2_000 };
/** Of failures in a row, one in so many is logged: about every half minute. */
const quietFailures = 30;

/**
 * Moves outbox rows into the event log: own buckets → read → expand → group → cut → append → delete, with the next read.
 * Every event reaches the log at least once per recipient [D3]; its row is deleted only after the acknowledgement of its last
 * record [D4]; a chat's records leave in `seq` order [M3], because one process owns its bucket and one append is in flight.
 * A failure of the log keeps the rows and tries again; while the log is out of this process's reach the buckets are left to
 * those that may reach it; a failure of the session gives up every bucket [D12].
 * States: idle → running → stopped; no way back. In memory: what `PendingRows` holds, and one batch.
 */
export class OutboxRelay implements AsyncDisposable {
  readonly #options: OutboxRelayOptions;
  readonly #random: () => number;
  readonly #sweepMs: number;
  readonly #stop = new AbortController();
  readonly #wakeUp: WakeUp;
  readonly #notifier: BucketNotifier;
  #owner: BucketOwner | undefined;
  #running: Promise<void> = Promise.resolve();

  constructor(options: OutboxRelayOptions) {
    const { clock, database, logger } = options;
    this.#options = options;
    this.#random = options.random ?? Math.random;
    this.#sweepMs = options.sweepMs ?? 250;
    this.#wakeUp = new WakeUp(clock);
    this.#notifier = new BucketNotifier({ notify: (buckets) => notifyBuckets(database, buckets), clock, logger });
  }

  start(): void {
    this.#options.signals.listen(() => this.#wakeUp.wake());
    this.#running = this.#run();
  }

  /** A change of this chat was committed: wakes this loop, or tells the process that owns the bucket. Never throws. */
  poke(chatId: string): void {
    const bucket = bucketOf(chatId);
    if (this.#owner?.owns(bucket) === true) this.#wakeUp.wake();
    else this.#notifier.add(bucket);
  }

  ownedBuckets(): number {
    return this.#owner?.buckets().size ?? 0;
  }

  /** Lets the append in flight end, for 5 s at most, and gives up the buckets. Rows not acknowledged stay for the next owner. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    this.#notifier[Symbol.dispose]();
    try {
      await withDeadline(this.#running, stopMs, "the relay's last append");
    } catch (error) {
      this.#options.logger.warn({ err: error }, 'relay stops with an append in flight');
    }
    await this.#owner?.[Symbol.asyncDispose]();
  }

  /** One session after the other, until stopped. A relay whose log was never reached owns nothing. */
  async #run(): Promise<void> {
    const { writer, logger, clock } = this.#options;
    const stop = this.#stop.signal;
    for (let attempt = 0; !stop.aborted; attempt += 1) {
      try {
        if (!writer.isOpen()) await writer.open(stop);
        await using owner = await this.#openOwner();
        attempt = 0;
        await this.#serve(owner);
      } catch (error) {
        if (!stop.aborted && attempt % quietFailures === 0) logger.warn({ err: error }, 'relay session failed, trying again');
      }
      await pause(clock, fullJitterMs(attempt, reconnect, this.#random), stop);
    }
  }

  #openOwner(): Promise<BucketOwner> {
    const { databaseUrl, clock, logger } = this.#options;
    const onNotify = (buckets: readonly number[]) => {
      if (buckets.some((bucket) => this.#owner?.owns(bucket))) this.#wakeUp.wake();
    };
    return BucketOwner.open({ databaseUrl, clock, logger, random: this.#random, onNotify });
  }

  /** Round after round, until the session is lost or the relay stopped. What was read from a session dies with it. */
  async #serve(owner: BucketOwner): Promise<void> {
    const { clock, database, writer, logger, metrics } = this.#options;
    const ended = AbortSignal.any([this.#stop.signal, owner.lost]);
    const expander = new RecipientExpander({
      partitionCount: writer.partitionCount,
      readIntervals: (chatId) => readMemberIntervals(database, chatId),
    });
    const pending = new PendingRows();
    this.#owner = owner;
    using _statistics = clock.every(statisticsMs, () => void this.#measure(owner));
    void this.#measure(owner);
    for (let failures = 0; !ended.aborted; ) {
      try {
        await this.#untilLogIsOpen(owner, pending, ended);
        const hasSent = await this.#round(owner, pending, expander);
        if (failures > 0) logger.info({ failures }, 'relay goes on');
        failures = 0;
        if (!hasSent) await this.#wakeUp.wait(this.#sweepMs, ended);
      } catch (error) {
        metrics.countFailure();
        if (!ended.aborted && failures % quietFailures === 0) logger.warn({ err: error, failures }, 'relay round failed, trying again');
        await pause(clock, fullJitterMs(failures, retryAppend, this.#random), ended);
        failures += 1;
      }
    }
    await this.#end(owner, pending);
  }

  async #end(owner: BucketOwner, pending: PendingRows): Promise<void> {
    this.#options.metrics.setBucketsOwned(0);
    if (owner.lost.aborted) this.#options.logger.warn({ err: owner.lost.reason }, 'relay session lost, its buckets are given up');
    else await owner.remove(pending.takeAcknowledged());
  }

  /** Only this process may be cut off from the log: without buckets it holds up nobody. */
  async #untilLogIsOpen(owner: BucketOwner, pending: PendingRows, ended: AbortSignal): Promise<void> {
    if (this.#options.writer.isOpen()) return;
    await owner.remove(pending.takeAcknowledged());
    await owner.standBack();
    pending.keepOnly(owner.buckets());
    this.#options.metrics.setBucketsOwned(0);
    await this.#options.writer.open(ended);
    await owner.stepForward();
  }

  /** Sends one batch; false when there was nothing to do. A wake-up from here on is seen by the next round. */
  async #round(owner: BucketOwner, pending: PendingRows, expander: RecipientExpander): Promise<boolean> {
    this.#wakeUp.clear();
    const hasMore = await this.#read(owner, pending);
    const hasNewBuckets = await owner.rebalance();
    this.#options.metrics.setBucketsOwned(owner.buckets().size);
    pending.keepOnly(owner.buckets());
    const batch = await this.#cut(pending, expander);
    if (owner.lost.aborted || (batch.parts.length === 0 && batch.signals.length === 0)) return hasNewBuckets || hasMore;
    await this.#append(batch);
    await this.#options.failpoint?.(batch.parts.every((part) => part.isLast) ? 'relay.after_send' : 'relay.mid_fanout');
    pending.acknowledge(batch.parts);
    return true;
  }

  /** True: it did not look at all that there is. */
  async #read(owner: BucketOwner, pending: PendingRows): Promise<boolean> {
    const { clock, metrics } = this.#options;
    const request = pending.nextRead(owner.buckets());
    const rows = await owner.read(request);
    const nowMs = clock.nowMs();
    for (const row of rows) metrics.observeRead(nowMs - row.atMs);
    return pending.add(rows, request, clock.monotonicMs());
  }

  async #cut(pending: PendingRows, expander: RecipientExpander): Promise<Batch> {
    const { signals, writer } = this.#options;
    const queues = pending.inTurn();
    await expander.prefetch(queues.flatMap((queue) => queue.map(({ row }) => row)));
    return cutBatch({
      queues,
      recordsOf: async (next) => {
        next.records ??= toRecords(next.row, await expander.expand(next.row));
        return next.records;
      },
      signals: signals.take(writer.partitionCount),
    });
  }

  async #append(batch: Batch): Promise<void> {
    const { writer, clock, logger, metrics } = this.#options;
    await appendParts(writer, batch, ({ pending: { row } }) => {
      metrics.countTooLarge();
      logger.warn({ chatId: row.chatId, seq: row.seq }, 'row too large for the event log, left as a watermark');
    });
    const nowMs = clock.monotonicMs();
    for (const part of batch.parts) if (part.isLast) metrics.observeAppended(nowMs - part.pending.readAtMs);
  }

  /** Failing is no harm: the session's loss is met by the loop. */
  async #measure(owner: BucketOwner): Promise<void> {
    try {
      this.#options.metrics.setOutbox(await owner.statistics());
    } catch (error) {
      this.#options.logger.debug({ err: error }, 'outbox statistics failed');
    }
  }
}
