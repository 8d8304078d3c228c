import type { EventLogReader, ReceivedRecord } from '@carillon/event-log';
import type { ShardToken } from '@carillon/presence';
import type { Clock } from '@carillon/runtime';
import type { ConnectionTable } from '../connection/connection-table.ts';
import { OutgoingFrame } from '../connection/outgoing-frame.ts';
import type { RecentRecords } from '../consumer/recent-records.ts';
import type { Forward } from '../inbox/inbox.ts';
import type { ShardCounts } from '../metrics.ts';
import type { Forwarder } from './forwarder.ts';
import { Lane } from './lane.ts';
import type { RoutingTable } from './routing-table.ts';
import { WaySampler } from './way-sampler.ts';
import { isAbove, type PartitionWork, type Work } from './work-queue.ts';

type DeliveryPoolOptions = {
  readonly tasks: number;
  readonly connections: ConnectionTable;
  readonly routes: Pick<RoutingTable, 'holdersOf' | 'isLoaded' | 'isAssigned' | 'whenLoaded'>;
  readonly forwarder: Pick<Forwarder, 'forward'>;
  readonly reader: Pick<EventLogReader, 'finish' | 'pause' | 'resume'>;
  /** Gets every record before its delivery, and is told of its end. */
  readonly recent: Pick<RecentRecords, 'push' | 'finish'>;
  readonly clock: Clock;
  readonly counts: ShardCounts;
  /** An event was kept from another shard: not handed to its inbox, or not known to be. */
  readonly onSkipped: (partition: number) => void;
  /** Asks for a turn: `routeTurn` will be called soon. */
  readonly requestTurn: () => void;
};

/** Recipients of one record that are served before another partition may go on. */
const chunkSize = 256;
/** What may wait for one partition before its reader is paused, and when it may go on. A paused one adds a fetch at most. */
const highWater = { records: 4_000, bytes: 1 << 20 };
const lowWater = { records: 1_000, bytes: 256 << 10 };

/**
 * Carries records to their recipients: local ones to their connections' send queues, others to the shard that the routing table
 * names. `tasks` lanes, lane = partition mod tasks, so that a user's events keep the log's order [M4] and only the lane that
 * waits for a forward waits. A record is finished when all its recipients are handed over, and what
 * another shard did not get is noted. The value is never parsed [D10].
 *
 * Bounds: 4,000 records or 1 MiB of a partition and one fetch more, above which its reader is paused. Nothing is dropped here: a record
 * that another shard was not handed is told to `onSkipped` [R11], a connection's queue tells what it drops itself [D6]. Waits: for
 * a forward (two entries, 300 ms each) and for a partition's routes (300 ms a page), neither of which holds up another lane.
 */
export class DeliveryPool {
  readonly #options: DeliveryPoolOptions;
  readonly #sampler: WaySampler;
  #lanes: Lane[];
  #ready: Lane[] = [];
  #depth = 0;
  #waiting = 0;

  constructor(options: DeliveryPoolOptions) {
    this.#options = options;
    this.#sampler = new WaySampler(options.clock, options.counts);
    this.#lanes = Array.from({ length: options.tasks }, () => new Lane());
  }

  /** Records that wait or are being delivered. */
  get depth(): number {
    return this.#depth;
  }

  /** Nothing waits, and no forward is under way. */
  isIdle(): boolean {
    return this.#depth === 0 && this.#waiting === 0;
  }

  /** Takes a batch of one partition, in offset order. Only enqueues. */
  enqueue(partition: number, records: readonly ReceivedRecord[]): void {
    const lane = this.#laneOf(partition);
    let work: PartitionWork | undefined;
    for (const record of records) work = lane.queue.push(this.#workOf(record, work === undefined));
    if (work === undefined) return;
    this.#depth += records.length;
    if (!work.isPaused && isAbove(work, highWater)) {
      work.isPaused = true;
      this.#options.reader.pause(partition);
    }
    this.#wake(lane);
  }

  /** A new assignment: whatever waits is void, and comes again if it was not finished. */
  reset(): void {
    for (const lane of this.#lanes) {
      lane.isVoid = true;
      for (const work of lane.queue.partitions()) this.#resume(work);
    }
    this.#lanes = Array.from({ length: this.#options.tasks }, () => new Lane());
    this.#ready = [];
    this.#depth = 0;
  }

  /** What another shard forwarded: for local connections only, it never travels on. */
  deliverForward(forward: Forward): void {
    const frame = OutgoingFrame.ofRecord(forward);
    for (const userId of forward.recipients) this.#deliverLocally(userId, frame);
  }

  /** Routes until nothing is left, the time is up, or `isFull`. One chunk at least. True: some is left. */
  routeTurn(endMs: number, isFull: () => boolean): boolean {
    for (let lane = this.#ready.shift(); lane !== undefined; lane = this.#ready.shift()) {
      lane.state = 'idle';
      this.#routeChunk(lane);
      this.#wake(lane);
      if (isFull() || this.#options.clock.monotonicMs() >= endMs) break;
    }
    return this.#ready.length > 0;
  }

  #laneOf(partition: number): Lane {
    return this.#lanes[partition % this.#lanes.length] ?? new Lane();
  }

  #workOf(record: ReceivedRecord, isFirst: boolean): Work {
    const frame = OutgoingFrame.ofRecord(record);
    if (isFirst) this.#sampler.measure(record, frame);
    this.#options.recent.push(record, frame.kind);
    return { record, frame, bytes: record.value.length + 32 * record.recipients.length, next: 0 };
  }

  #wake(lane: Lane): void {
    if (lane.isVoid || lane.state !== 'idle' || !lane.queue.hasTurn()) return;
    lane.state = 'ready';
    this.#ready.push(lane);
    this.#options.requestTurn();
  }

  /** The chunk of one partition whose turn it is: a part of a large record, or several small ones. */
  #routeChunk(lane: Lane): void {
    const partition = lane.queue.takeTurn();
    if (partition === undefined) return;
    if (!this.#isRouted(partition.partition)) lane.queue.block(partition);
    if (partition.isBlocked) this.#unblockWhenLoaded(lane, partition);
    else if (this.#routeRecords(lane, partition)) lane.queue.endTurn(partition);
  }

  /** False: a forward is under way, and the lane waits for it. */
  #routeRecords(lane: Lane, partition: PartitionWork): boolean {
    let budget = chunkSize;
    for (let work = partition.oldest(); work !== undefined && budget > 0; work = partition.oldest()) {
      const from = work.next;
      const forwards = this.#deliverChunk(work, budget);
      budget -= work.next - from;
      if (forwards !== undefined) {
        // Never rejects, and its wait is bounded by the forwarder.
        void this.#waitFor(forwards, lane, partition, work);
        return false;
      }
      this.#endChunk(lane, partition, work);
    }
    return true;
  }

  /** A partition that is lost meanwhile is delivered with what is known: its new owner does it again. */
  #isRouted(partition: number): boolean {
    const { routes } = this.#options;
    return routes.isLoaded(partition) || !routes.isAssigned(partition);
  }

  #unblockWhenLoaded(lane: Lane, partition: PartitionWork): void {
    void this.#options.routes.whenLoaded(partition.partition).then(() => {
      lane.queue.unblock(partition);
      this.#wake(lane);
    });
  }

  /** The chunk's local recipients, and the forwards of the others; undefined when there are none, as nearly always. */
  #deliverChunk(work: Work, budget: number): Map<ShardToken, string[]> | undefined {
    const { record, frame } = work;
    const { recipients, partition } = record;
    const end = Math.min(work.next + budget, recipients.length);
    let forwards: Map<ShardToken, string[]> | undefined;
    for (let index = work.next; index < end; index += 1) {
      const userId = recipients[index] ?? '';
      this.#deliverLocally(userId, frame);
      const holders = this.#options.routes.holdersOf(partition, userId);
      if (holders.length > 0) forwards = addForwards(forwards ?? new Map(), holders, userId);
    }
    work.next = end;
    return forwards;
  }

  #deliverLocally(userId: string, frame: OutgoingFrame): void {
    for (let connection = this.#options.connections.newestOf(userId); connection !== undefined; connection = connection.next) {
      connection.deliver(frame);
    }
  }

  /** The lane waits until each holder's inbox has the chunk, or is known not to get it: `forward` bounds the wait. */
  async #waitFor(forwards: Map<ShardToken, string[]>, lane: Lane, partition: PartitionWork, work: Work): Promise<void> {
    lane.state = 'waiting';
    this.#waiting += 1;
    const { chatId, seq, event, value } = work.record;
    const all = Array.from(forwards, ([to, recipients]) =>
      this.#options.forwarder.forward(to, { kind: 'forward', recipients, value, chatId, seq, event }),
    );
    const results = await Promise.all(all);
    if (work.frame.kind !== 'signal' && results.includes('failed')) this.#options.onSkipped(partition.partition);
    this.#waiting -= 1;
    lane.state = 'idle';
    this.#endChunk(lane, partition, work);
    lane.queue.endTurn(partition);
    this.#wake(lane);
  }

  #endChunk(lane: Lane, partition: PartitionWork, work: Work): void {
    if (work.next < work.record.recipients.length) return;
    partition.finishOldest();
    if (!lane.isVoid) {
      this.#depth -= 1;
      this.#options.recent.finish(work.record);
    }
    this.#options.reader.finish(work.record);
    if (partition.isPaused && !isAbove(partition, lowWater)) this.#resume(partition);
  }

  #resume(work: PartitionWork): void {
    if (!work.isPaused) return;
    work.isPaused = false;
    this.#options.reader.resume(work.partition);
  }
}

function addForwards(forwards: Map<ShardToken, string[]>, holders: readonly ShardToken[], userId: string): Map<ShardToken, string[]> {
  for (const holder of holders) {
    const recipients = forwards.get(holder);
    if (recipients === undefined) forwards.set(holder, [userId]);
    else recipients.push(userId);
  }
  return forwards;
}
