import { assert, type Clock, type Failpoint, type Logger, systemClock, withDeadline } from '@carillon/runtime';
import type { Consumer, ConsumerCrashEvent, ConsumerGroupJoinEvent, EachBatchPayload, KafkaMessage } from 'kafkajs';
import type { EventLogReader, GroupMember, LogListener, ReceivedRecord } from './event-log.ts';
import { createConsumer } from './kafka-consumer.ts';
import { KafkaPulse } from './kafka-pulse.ts';
import { fromDamagedMessage, fromKafkaMessage } from './kafka-record.ts';
import type { KafkaSecurity } from './kafka-security.ts';
import { KafkaSockets } from './kafka-sockets.ts';
import { kafkaStickyAssigner } from './kafka-sticky-assigner.ts';
import { KafkaWatch } from './kafka-watch.ts';
import { makeMemberLeave } from './make-member-leave.ts';
import { OffsetCommits } from './offset-commits.ts';
import { PartitionReading } from './partition-reading.ts';

type KafkaReaderOptions = {
  readonly brokers: readonly string[];
  readonly security?: KafkaSecurity | undefined;
  readonly topic: string;
  readonly groupId: string;
  /** Asked at each join. */
  readonly member: () => GroupMember;
  readonly logger: Logger;
  readonly clientId?: string;
  readonly failpoint?: Failpoint | undefined;
  readonly clock?: Clock;
  /** Records of one partition that are worth reading at its takeover; 20,000 by default. */
  readonly maxBacklog?: number;
  /** The connections, for a test that cuts them. */
  readonly sockets?: KafkaSockets;
};

const commitEveryMs = 300;
const retryDelayMs = 1_000;
/** Behind more records a client is faster with one sync. By count, never by age: ages compare two machines' clocks. */
const defaultMaxBacklog = 20_000;
const stopDeadlineMs = 10_000;
const connectedSilenceSeconds = 5;

/**
 * A member of a Kafka consumer group, on kafkajs 2.2.4 and around its traps (numbers: its issues). The batch handler only
 * enqueues and never throws (#1443); offsets are resolved at enqueue and committed at completion, by generation (#1046);
 * a consumer that crashed for good or fell silent while Kafka answers is reported dead [L3].
 * Bounds: it keeps no records; while it hands over it holds one fetch, 4 MiB over all partitions and 512 KiB of each. A partition that its
 * listener paused is fetched no further.
 * Invariant: a committed offset never passes an unfinished record and never moves back [D9].
 */
export class KafkaReader implements EventLogReader {
  readonly #options: KafkaReaderOptions;
  readonly #clock: Clock;
  readonly #sockets: KafkaSockets;
  readonly #consumer: Consumer;
  readonly #pulse = new KafkaPulse();
  readonly #paused = new Set<number>();
  readonly #stopping = new AbortController();
  readonly #commits: OffsetCommits;
  readonly #watch: KafkaWatch;
  #readings = new Map<number, PartitionReading>();
  #listener: LogListener | undefined;
  #generation = 0;
  #memberId: string | undefined;
  #isFetching = true;
  #isRunning = false;
  /** kafkajs has a group to pause partitions in: not between a crash and the restart. What is paused then is applied at the join. */
  #isInGroup = false;
  #isDead = false;
  #commitTimer: Disposable | undefined;
  #resolveFirstJoin: () => void = () => undefined;

  constructor(options: KafkaReaderOptions) {
    const { topic, member, clientId = 'carillon-shard' } = options;
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#sockets = options.sockets ?? new KafkaSockets();
    this.#commits = new OffsetCommits(options);
    const onSilent = () => this.#die(new Error('the consumer is silent while Kafka answers'));
    this.#watch = new KafkaWatch({ ...options, pulse: this.#pulse, clock: this.#clock, onSilent });
    const onJoin = () => this.#pulse.joining();
    this.#consumer = createConsumer({
      ...options,
      clientId,
      sockets: this.#sockets,
      assigner: kafkaStickyAssigner({ topic, member, owned: () => this.assignedPartitions(), onJoin }),
      mayRestart: () => !this.#stopping.signal.aborted,
    });
  }

  async start(listener: LogListener): Promise<void> {
    assert(this.#listener === undefined, 'a reader is started once');
    this.#listener = listener;
    const { signal } = this.#stopping;
    const firstJoin = new Promise<void>((resolve, reject) => {
      this.#resolveFirstJoin = resolve;
      signal.addEventListener('abort', () => reject(new Error('the reader was stopped before it had joined')), { once: true });
    });
    this.#observe();
    this.#commitTimer = this.#clock.every(commitEveryMs, () => void this.#commits.commit());
    void this.#run(signal);
    await firstJoin;
  }

  finish(record: ReceivedRecord): void {
    if (record.generation === this.#generation) this.#readings.get(record.partition)?.finish(record.offset);
  }

  pause(partition: number): void {
    this.#paused.add(partition);
    if (this.#isInGroup) this.#consumer.pause([{ topic: this.#options.topic, partitions: [partition] }]);
  }

  resume(partition: number): void {
    this.#paused.delete(partition);
    if (this.#isInGroup && this.#isFetching) this.#consumer.resume([{ topic: this.#options.topic, partitions: [partition] }]);
  }

  assignedPartitions(): readonly number[] {
    return [...this.#readings.keys()];
  }

  memberId(): string | undefined {
    return this.#memberId;
  }

  isConnected(): boolean {
    return this.#memberId !== undefined && !this.#isDead && this.#pulse.silentSeconds < connectedSilenceSeconds;
  }

  lagRecords(): number {
    let lag = 0;
    for (const reading of this.#readings.values()) lag += reading.lag;
    return lag;
  }

  /** The consumer stays in the group, with all partitions paused: leaving would take the right to commit. */
  async stopFetching(): Promise<void> {
    this.#isFetching = false;
    if (this.#isInGroup) this.#applyPauses();
  }

  /** Commits before it stops: a stopping kafkajs drops commits in silence (#767). */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#stopping.signal.aborted) return;
    this.#isFetching = false;
    this.#stopping.abort();
    this.#commitTimer?.[Symbol.dispose]();
    this.#watch[Symbol.dispose]();
    try {
      await withDeadline(this.#commitAndLeave(), stopDeadlineMs, 'leaving the group');
    } catch (err) {
      this.#options.logger.warn({ err }, 'the reader did not leave the group in order');
    } finally {
      this.#generation = -1;
      this.#sockets.closeAll();
    }
  }

  async #commitAndLeave(): Promise<void> {
    await this.#commits.commitAll();
    await this.#consumer.disconnect();
  }

  #observe(): void {
    const { events } = this.#consumer;
    this.#consumer.on(events.GROUP_JOIN, (event) => this.#onJoined(event));
    this.#consumer.on(events.REBALANCING, () => void this.#commits.commit());
    this.#consumer.on(events.STOP, () => {
      this.#isInGroup = false;
    });
    this.#consumer.on(events.FETCH, () => this.#pulse.fetched());
    this.#consumer.on(events.HEARTBEAT, () => this.#pulse.heartbeat());
    this.#consumer.on(events.CRASH, (event) => this.#onCrash(event));
  }

  /** Kafka may be away at the start: tries until it is there. From then on kafkajs restarts by itself. */
  async #run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted && !this.#isRunning) {
      try {
        await this.#consumer.connect();
        await this.#consumer.subscribe({ topics: [this.#options.topic], fromBeginning: true });
        if (signal.aborted) return;
        this.#isRunning = true;
        this.#watch.start();
        await this.#consumer.run({
          autoCommit: false,
          eachBatchAutoResolve: false,
          partitionsConsumedConcurrently: 8,
          eachBatch: async (payload) => this.#onBatch(payload),
        });
      } catch (err) {
        this.#options.logger.warn({ err }, 'the consumer cannot start, trying again');
        await this.#clock.sleep(retryDelayMs, signal).catch(() => undefined);
      }
    }
  }

  /** Everything handed over before is void. What this member had keeps its floor, unless others may have read it meanwhile. */
  #onJoined({ payload }: ConsumerGroupJoinEvent): void {
    const before = payload.memberId === this.#memberId ? this.#readings : new Map<number, PartitionReading>();
    const partitions = [...(payload.memberAssignment[this.#options.topic] ?? [])].sort((a, b) => a - b);
    this.#generation += 1;
    this.#memberId = payload.memberId;
    this.#readings = new Map(partitions.map((partition) => [partition, new PartitionReading(before.get(partition)?.position)]));
    this.#commits.assign(this.#readings);
    for (const partition of this.#paused) if (!this.#readings.has(partition)) this.#paused.delete(partition);
    this.#isInGroup = true;
    this.#pulse.joined();
    this.#tell((listener) => listener.onAssigned(this.#generation, partitions));
    this.#applyPauses();
    this.#resolveFirstJoin();
  }

  /** kafkajs keeps pauses over a rejoin, but not over a restart (#10 of the rules): ours are the truth. */
  #applyPauses(): void {
    const { topic } = this.#options;
    const assigned = this.assignedPartitions();
    const isPaused = (partition: number) => !this.#isFetching || this.#paused.has(partition);
    this.#consumer.resume([{ topic, partitions: assigned.filter((partition) => !isPaused(partition)) }]);
    this.#consumer.pause([{ topic, partitions: assigned.filter(isPaused) }]);
  }

  #onBatch({ batch, resolveOffset, commitOffsetsIfNecessary }: EachBatchPayload): void {
    const { partition, messages } = batch;
    void this.#options.failpoint?.('shard.handler_error');
    const reading = this.#readings.get(partition);
    if (reading === undefined || !this.#isFetching || this.#paused.has(partition)) return;
    const expected = reading.next;
    const start = Number(Reflect.get(batch, 'fetchedOffset') ?? batch.firstOffset());
    const verdict = reading.accept(start, Number(batch.highWatermark));
    if (verdict === 'refused') return;
    if (verdict === 'jumped') this.#tellJump(partition, expected ?? start, start);
    this.#commits.commitBy(commitOffsetsIfNecessary);
    if (this.#skipBacklog(partition, reading)) return;
    this.#handOver(partition, reading, messages);
    resolveOffset(batch.lastOffset());
  }

  #handOver(partition: number, reading: PartitionReading, messages: readonly KafkaMessage[]): void {
    let records: ReceivedRecord[] = [];
    for (const message of messages) {
      reading.hand(Number(message.offset));
      try {
        records.push(fromKafkaMessage(message, partition, this.#generation));
      } catch (error) {
        this.#tellRecords(partition, records);
        records = [];
        this.#tellUnread(partition, reading, message, asError(error));
      }
    }
    this.#tellRecords(partition, records);
  }

  #tellRecords(partition: number, records: readonly ReceivedRecord[]): void {
    if (records.length > 0) this.#tell((listener) => listener.onRecords(partition, records));
  }

  /** Read once: what a record's headers say does not change with another try. */
  #tellUnread(partition: number, reading: PartitionReading, message: KafkaMessage, error: Error): void {
    const damaged = this.#damagedOf(partition, message);
    const offset = Number(message.offset);
    if (damaged === undefined) reading.finish(offset);
    this.#tell((listener) => {
      if (damaged === undefined) listener.onPoison(partition, offset, error);
      else listener.onDamaged(damaged, error);
    });
  }

  #damagedOf(partition: number, message: KafkaMessage): ReceivedRecord | undefined {
    try {
      return fromDamagedMessage(message, partition, this.#generation);
    } catch (err) {
      this.#options.logger.debug({ err, partition }, 'nor can its recipients be read');
      return undefined;
    }
  }

  /** [D13] True: the batch is void, and the next fetch begins behind the backlog. */
  #skipBacklog(partition: number, reading: PartitionReading): boolean {
    const skipped = reading.skipBacklog(this.#options.maxBacklog ?? defaultMaxBacklog);
    if (skipped === 0) return false;
    this.#consumer.seek({ topic: this.#options.topic, partition, offset: String(reading.next) });
    this.#tell((listener) => listener.onSkipped(partition, skipped));
    return true;
  }

  #tellJump(partition: number, expected: number, actual: number): void {
    const error = new Error(`the log goes on at offset ${actual}, not at ${expected}: what lay between is gone`);
    this.#tell((listener) => listener.onPoison(partition, expected, error));
  }

  /** A listener must not throw. If it does, that is a bug: nothing says which records it has taken. */
  #tell(call: (listener: LogListener) => void): void {
    try {
      if (this.#listener !== undefined) call(this.#listener);
    } catch (error) {
      this.#die(asError(error));
    }
  }

  #onCrash({ payload }: ConsumerCrashEvent): void {
    this.#pulse.joining();
    if (this.#stopping.signal.aborted) return;
    if (payload.restart) return void this.#leaveAs(this.#memberId);
    this.#die(new Error('the consumer crashed and does not restart', { cause: payload.error }));
  }

  /**
   * kafkajs comes back as another member. Where it crashed because Kafka was away, the member that it was could not leave, and holds
   * up every rebalance until its session ends: pushes stood still for 15 s after a broker's restart. Never rejects.
   */
  async #leaveAs(memberId: string | undefined): Promise<void> {
    const { brokers, security, groupId, logger } = this.#options;
    while (memberId !== undefined && memberId === this.#memberId && !this.#stopping.signal.aborted) {
      try {
        return await makeMemberLeave({ brokers, security, groupId, memberId });
      } catch (err) {
        logger.debug({ err }, 'the member of before the crash cannot leave yet');
        await this.#clock.sleep(retryDelayMs, this.#stopping.signal).catch(() => undefined);
      }
    }
  }

  #die(error: Error): void {
    if (this.#isDead || this.#stopping.signal.aborted) return;
    this.#isDead = true;
    this.#watch[Symbol.dispose]();
    this.#listener?.onDead(error);
  }
}

function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown));
}
