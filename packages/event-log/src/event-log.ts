/**
 * The partitioned, ordered log between the relay and the shards. Two implementations keep this contract: Kafka and
 * in-process; `event-log.contract.ts` is the suite that both pass.
 */

/** A frame on its way to recipients of one partition. */
export type LogRecord = {
  readonly partition: number;
  /** 1 to 500 users of this partition; the first one is the record's key. */
  readonly recipients: readonly string[];
  readonly chatId: string;
  /** 0 for a signal, which has no place in the chat. */
  readonly seq: number;
  /** `message.created`, …, or `signal.read`. */
  readonly event: string;
  readonly traceparent?: string | undefined;
  /** The frame's bytes: the same Buffer in every record of one event [D10]. */
  readonly value: Buffer;
};

/** What a record says, apart from its place. */
export type RecordContent = Pick<LogRecord, 'recipients' | 'chatId' | 'seq' | 'event' | 'value'>;

/** Records that came together and are kept as they came, 512 KiB at most: out of them each can be read again. */
export interface RecordBatch {
  readonly byteLength: number;
  /** The same in other memory, which has room for `byteLength`: whoever keeps much of it uses its memory again and again. */
  copyTo(memory: Buffer): RecordBatch;
  /** The record that was handed over with this `at`. */
  read(at: number): RecordContent;
}

/** A record as a reader hands it over. `value` may be a view into the records around it, 512 KiB at most: copy what is kept without them. */
export type ReceivedRecord = LogRecord & {
  /** Where the record lies, so that whoever may need it later can let its objects go; undefined where it lies by itself. */
  readonly batch?: RecordBatch | undefined;
  readonly at?: number | undefined;
  /** Counts up within the partition, not necessarily by 1. */
  readonly offset: number;
  /** When the log appended the record, by the log's clock. */
  readonly appendedAtMs: number;
  /** The assignment that this record was read under; a finish of an old generation changes nothing [D9]. */
  readonly generation: number;
};

/**
 * Appends batches. At least once: a failed batch may be in the log in part. One `append` at a time; a second one while the
 * first is in flight is a bug.
 */
export interface EventLogWriter extends AsyncDisposable {
  /** Partitions of the topic, in effect for good. Known after `open`. */
  readonly partitionCount: number;
  /** Connects; keeps trying until `signal` aborts. */
  open(signal: AbortSignal): Promise<void>;
  isOpen(): boolean;
  /** Resolves when every record is acknowledged by all in-sync replicas; rejects with EventLogError. */
  append(records: readonly LogRecord[]): Promise<void>;
}

/** `tooLarge`: the log refuses a record of the batch for its size, and will refuse it again. */
export class EventLogError extends Error {
  readonly tooLarge: boolean;

  constructor(message: string, options: { tooLarge: boolean; cause?: unknown }) {
    super(message, { cause: options.cause });
    this.name = 'EventLogError';
    this.tooLarge = options.tooLarge;
  }
}

/** What a reader tells its shard. All calls are synchronous, short (they only enqueue) and must not throw. */
export interface LogListener {
  /** A new assignment: whatever was handed over before is void and comes again if it was not committed. */
  onAssigned(generation: number, partitions: readonly number[]): void;
  /** Records of one partition in offset order. Each must be finished by `reader.finish` exactly once. */
  onRecords(partition: number, records: readonly ReceivedRecord[]): void;
  /**
   * A record that cannot be read, but for its place and whom it was for: chat and event are empty, `seq` is 0, the value is void.
   * Told in its place among the records, and to be finished as they are.
   */
  onDamaged(record: ReceivedRecord, error: Error): void;
  /** A record of which not even the recipients can be read. The reader has counted it as finished: it never blocks a partition. */
  onPoison(partition: number, offset: number, error: Error): void;
  /** So many records of the partition are passed over: it had fallen too far behind before this member took it [D13]. */
  onSkipped(partition: number, records: number): void;
  /** The reader is dead and will not come back: the process must exit and be restarted. */
  onDead(error: Error): void;
}

/** Who joins the group, as the sticky assigner sees it. */
export type GroupMember = { readonly shardId: string; readonly epoch: number; readonly state: 'active' | 'draining' };

/**
 * Reads the partitions that the group assigns to this member. Offsets: committed every 300 ms up to the lowest unfinished
 * record, fenced by generation; never back, never past an unfinished record [D9].
 * States: idle → started → stopped; no way back.
 */
export interface EventLogReader extends AsyncDisposable {
  /** Joins the group and keeps reading; resolves with the first assignment (which may be empty). */
  start(listener: LogListener): Promise<void>;
  /** The record is in a send queue, forwarded, or has nobody to go to. */
  finish(record: ReceivedRecord): void;
  /** Stops handing over records of the partition until `resume`; survives a rebalance that keeps the partition. */
  pause(partition: number): void;
  resume(partition: number): void;
  assignedPartitions(): readonly number[];
  /** The group's id of this member, stored in the lease so that a successor can make it leave. */
  memberId(): string | undefined;
  isConnected(): boolean;
  /** Records between the committed position and the end of the log, over the assigned partitions. */
  lagRecords(): number;
  /** Stops fetching; records handed over may still be finished. */
  stopFetching(): Promise<void>;
  /** Commits what is finished and leaves the group at once. */
  [Symbol.asyncDispose](): Promise<void>;
}
