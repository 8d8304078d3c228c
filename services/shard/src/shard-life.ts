import type { EventLogReader } from '@carillon/event-log';
import { type Presence, type ShardToken, shardToken } from '@carillon/presence';
import type { Clock, Logger } from '@carillon/runtime';
import type { ConnectionTable } from './connection/connection-table.ts';
import { wheelTickMs } from './connection/timer-wheel.ts';
import { NotificationConsumer } from './consumer/notification-consumer.ts';
import type { RecentRecords } from './consumer/recent-records.ts';
import { DeliveryPool } from './delivery/delivery-pool.ts';
import { Forwarder } from './delivery/forwarder.ts';
import { LossNotices } from './delivery/loss-notices.ts';
import { RoutingTable } from './delivery/routing-table.ts';
import type { Inbox, InboxItem } from './inbox/inbox.ts';
import type { ShardCounts } from './metrics.ts';
import { LeaseTable } from './presence/lease-table.ts';
import { Outage } from './presence/outage.ts';
import { Registrar } from './presence/registrar.ts';
import { ResyncPacer } from './presence/resync-pacer.ts';

export type ShardLifeOptions = {
  readonly token: ShardToken;
  readonly tasks: number;
  readonly partitionCount: number;
  readonly presence: Presence;
  readonly inbox: Inbox;
  readonly reader: EventLogReader;
  readonly connections: ConnectionTable;
  readonly recent: RecentRecords;
  readonly counts: ShardCounts;
  readonly clock: Clock;
  readonly random: () => number;
  readonly logger: Logger;
  readonly requestTurn: () => void;
  /** Milliseconds since renewals of the lease began to fail; 0 when the last one succeeded. */
  readonly leaseFailingForMs: () => number;
  /** The partitions changed: the lease says so soon. */
  readonly onAssigned: () => void;
  readonly onDead: (error: Error) => void;
};

/** A lease that is not renewed for longer is about to end, and with it whatever is registered [R3]. */
const leaseFailingLimitMs = 10_000;
/** After an assignment, the others' leases are read again: they have changed too. */
const lookAgainMs = 1_000;

/**
 * One life of a shard: all that bears its epoch. What comes from the log goes to local connections and, by the routing table, to
 * other shards; what comes from other shards goes to local connections only.
 */
export class ShardLife {
  readonly #options: ShardLifeOptions;
  readonly #leases: LeaseTable;
  readonly #forwarder: Forwarder;
  readonly #routes: RoutingTable;
  readonly #outage: Outage;
  readonly #pacer: ResyncPacer;
  readonly #consumer: NotificationConsumer;
  readonly registrar: Registrar;
  readonly pool: DeliveryPool;
  readonly losses: LossNotices;
  #memberId: string | undefined;
  #partitions: readonly number[] = [];
  #timer: Disposable | undefined;
  #isLookDue = false;
  readonly #ended = new AbortController();

  constructor(options: ShardLifeOptions) {
    this.#options = options;
    const { token: self, presence, inbox, clock, random, logger, counts, partitionCount, connections, leaseFailingForMs } = options;
    const leases = new LeaseTable(presence, clock);
    const forwarder = new Forwarder({ inbox, clock, logger, onForwarded: (result) => countForward(counts, result) });
    const routes = new RoutingTable({
      ...{ self, presence, clock, random, logger },
      onUnrouted: (partition) => this.losses.add(partition),
    });
    this.#leases = leases;
    this.#forwarder = forwarder;
    this.#routes = routes;
    this.losses = new LossNotices({ self, leases, routes, forwarder, clock, random, logger });
    this.#outage = new Outage({ presence, leaseFailingForMs, clock });
    this.registrar = new Registrar({
      ...{ self, partitionCount, presence, leases, routes, forwarder, clock, random, logger },
      isLeaseFailing: () => leaseFailingForMs() > leaseFailingLimitMs,
      onStanding: (userIds) => this.#pacer.tellStanding(userIds),
      onLoss: (userIds, reason) => this.#pacer.tellLoss(userIds, reason),
    });
    this.#pacer = new ResyncPacer({
      ...{ connections, clock, random },
      isDegraded: (userId) => this.registrar.isDegraded(userId),
      onTold: (reason) => countResync(counts, reason),
    });
    this.pool = new DeliveryPool({ ...options, routes, forwarder, onSkipped: (partition) => this.losses.add(partition) });
    this.#consumer = new NotificationConsumer({
      ...options,
      pool: this.pool,
      onAssigned: (partitions) => this.#assign(partitions),
      onLost: (partition) => this.#onLost(partition),
    });
  }

  /** Opens the inbox, then joins the group; resolves with the first assignment. */
  async start(): Promise<void> {
    this.#timer = this.#options.clock.every(wheelTickMs, () => this.#tick());
    await this.#options.inbox.start({
      onItems: (sender, items) => this.#receive(sender, items),
      onGap: () => this.#onGap(),
    });
    await this.#consumer.start();
  }

  /** Other shards may have come, gone, or taken partitions over. */
  onRenewed(): void {
    void this.#followLeases();
  }

  /** The registry lost this shard's lease, and maybe all registrations. */
  onRestored(): void {
    this.registrar.registerAll();
  }

  /** Nothing waits for other shards: no event, and no word of a loss. */
  isDelivered(): boolean {
    return this.pool.isIdle() && this.losses.size === 0;
  }

  /** The group's member is gone: no partition is own any more, which the lease says soon; clients are served on. */
  resign(): void {
    this.#assign([]);
  }

  /** Before the lease is released. Resolves within 1 s. */
  async sayFarewell(): Promise<void> {
    await this.losses.sayFarewell();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ended.abort();
    this.#timer?.[Symbol.dispose]();
    this.losses[Symbol.dispose]();
    this.registrar[Symbol.dispose]();
    this.#forwarder[Symbol.dispose]();
    this.#routes[Symbol.dispose]();
    await this.#options.inbox[Symbol.asyncDispose]();
  }

  #assign(partitions: readonly number[]): void {
    const isAnother = this.#forgetRoutesOfAnotherMember();
    const hadBefore = new Set(this.#partitions);
    this.#partitions = partitions;
    this.#options.recent.assign(partitions, this.#memberId);
    this.#routes.assign(partitions);
    this.registrar.assign(partitions);
    if (isAnother) this.#tellLoss(partitions.filter((one) => hadBefore.has(one)).flatMap((one) => this.registrar.usersOf(one)));
    this.#options.onAssigned();
    if (!this.#isLookDue) void this.#lookAgain();
  }

  /** Who else got or lost partitions says so in its lease by then: no renewal has to be waited for to see a new owner, or an end. */
  async #lookAgain(): Promise<void> {
    this.#isLookDue = true;
    await this.#options.clock.sleep(lookAgainMs, this.#ended.signal).catch((reason: unknown) => reason);
    this.#isLookDue = false;
    if (!this.#ended.signal.aborted) await this.#followLeases();
  }

  /**
   * Whoever joined anew may have missed assignments: between two of its own a partition had another owner, and that one the notices,
   * and maybe the records: the users of such a partition are told [R15]. True: it did.
   */
  #forgetRoutesOfAnotherMember(): boolean {
    const memberId = this.#options.reader.memberId();
    const isAnother = memberId !== this.#memberId;
    if (isAnother) this.#routes.assign([]);
    this.#memberId = memberId;
    return isAnother;
  }

  #receive(sender: ShardToken, items: readonly InboxItem[]): void {
    for (const item of items) {
      if (item.kind === 'forward') this.pool.deliverForward(item);
      else if (item.kind === 'lost') this.#tellLoss(item.partitions.flatMap((partition) => this.registrar.usersOf(partition)));
      else this.registrar.receive(sender, item);
    }
  }

  /** Notices and forwards are lost: the routes are read anew, and whoever another shard's forwards were for is told. */
  #onGap(): void {
    this.#routes.reload();
    this.#tellLoss(this.registrar.foreignUsers());
  }

  /** A record of the log is lost: nobody knows whom it was for. */
  #onLost(partition: number): void {
    this.#tellLoss(this.registrar.usersOf(partition));
    this.losses.add(partition);
  }

  #tellLoss(userIds: readonly string[]): void {
    this.#pacer.tellLoss(userIds, 'gap');
  }

  #tick(): void {
    if (this.#outage.hasBegun()) {
      this.#options.logger.warn('presence is out of reach: connections of other shards’ partitions are degraded');
      this.registrar.degradeAll();
    }
    this.#pacer.advance();
  }

  async #followLeases(): Promise<void> {
    try {
      const leases = await this.#leases.read({ anew: true });
      this.#routes.dropDead(new Set(leases.map((lease) => shardToken(lease.shardId, lease.epoch))));
      this.registrar.followOwners(leases);
    } catch (err) {
      this.#options.logger.debug({ err }, 'the leases could not be read');
    }
  }
}

function countForward(counts: ShardCounts, result: keyof ShardCounts['forwarded']): void {
  counts.forwarded[result] += 1;
}

function countResync(counts: ShardCounts, reason: keyof ShardCounts['resyncs']): void {
  counts.resyncs[reason] += 1;
}
