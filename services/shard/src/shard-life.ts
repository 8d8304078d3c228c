import type { EventLogReader } from '@carillon/event-log';
import { type Presence, type ShardToken, shardToken } from '@carillon/presence';
import type { Clock, Logger } from '@carillon/runtime';
import type { ConnectionTable } from './connection/connection-table.ts';
import { NotificationConsumer } from './consumer/notification-consumer.ts';
import { DeliveryPool } from './delivery/delivery-pool.ts';
import { Forwarder } from './delivery/forwarder.ts';
import { RoutingTable } from './delivery/routing-table.ts';
import type { Inbox, InboxItem } from './inbox/inbox.ts';
import type { ShardCounts } from './metrics.ts';
import { LeaseTable } from './presence/lease-table.ts';
import { Registrar } from './presence/registrar.ts';

export type ShardLifeOptions = {
  readonly token: ShardToken;
  readonly tasks: number;
  readonly partitionCount: number;
  readonly presence: Presence;
  readonly inbox: Inbox;
  readonly reader: EventLogReader;
  readonly connections: ConnectionTable;
  readonly counts: ShardCounts;
  readonly clock: Clock;
  readonly random: () => number;
  readonly logger: Logger;
  readonly requestTurn: () => void;
  /** The partitions changed: the lease says so soon. */
  readonly onAssigned: () => void;
  readonly onDead: (error: Error) => void;
};

/**
 * One life of a shard: all that bears its epoch. What comes from the log goes to local connections and, by the routing table, to
 * other shards; what comes from other shards goes to local connections only.
 */
export class ShardLife {
  readonly #options: ShardLifeOptions;
  readonly #leases: LeaseTable;
  readonly #forwarder: Forwarder;
  readonly #routes: RoutingTable;
  readonly #consumer: NotificationConsumer;
  readonly registrar: Registrar;
  readonly pool: DeliveryPool;
  #own: ReadonlySet<number> = new Set();
  #memberId: string | undefined;

  constructor(options: ShardLifeOptions) {
    this.#options = options;
    const { token: self, presence, inbox, clock, random, logger, counts, partitionCount } = options;
    this.#leases = new LeaseTable(presence, clock);
    this.#forwarder = new Forwarder({ inbox, clock, logger, onForwarded: (result) => countForward(counts, result) });
    this.#routes = new RoutingTable({ self, presence, clock, random, logger });
    const { leases, routes, forwarder } = { leases: this.#leases, routes: this.#routes, forwarder: this.#forwarder };
    const onLate = (userIds: readonly string[]) => this.#resyncUsers(userIds);
    this.registrar = new Registrar({ self, partitionCount, presence, leases, routes, forwarder, clock, random, logger, onLate });
    this.pool = new DeliveryPool({ ...options, routes, forwarder });
    this.#consumer = new NotificationConsumer({
      ...options,
      pool: this.pool,
      onAssigned: (partitions) => this.#assign(partitions),
      onLost: (partition) => this.#resync((of) => of === partition),
    });
  }

  /** Opens the inbox, then joins the group; resolves with the first assignment. */
  async start(): Promise<void> {
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

  async [Symbol.asyncDispose](): Promise<void> {
    this.registrar[Symbol.dispose]();
    this.#forwarder[Symbol.dispose]();
    this.#routes[Symbol.dispose]();
    await this.#options.inbox[Symbol.asyncDispose]();
  }

  #assign(partitions: readonly number[]): void {
    this.#own = new Set(partitions);
    this.#forgetRoutesOfAnotherMember();
    this.#routes.assign(partitions);
    this.registrar.assign(partitions);
    this.#options.onAssigned();
  }

  /** Whoever joined anew may have missed assignments: between two of its own a partition had another owner, and that one the notices. */
  #forgetRoutesOfAnotherMember(): void {
    const memberId = this.#options.reader.memberId();
    if (memberId !== this.#memberId) this.#routes.assign([]);
    this.#memberId = memberId;
  }

  #receive(sender: ShardToken, items: readonly InboxItem[]): void {
    for (const item of items) {
      if (item.kind === 'forward') this.pool.deliverForward(item);
      else this.registrar.receive(sender, item);
    }
  }

  /** Notices and forwards are lost: the routes are read anew, and whoever another shard's forwards were for is told. */
  #onGap(): void {
    this.#routes.reload();
    this.#resyncForeign();
  }

  #resyncForeign(): void {
    this.#resync((partition) => !this.#own.has(partition));
  }

  #resync(isMeant: (partition: number) => boolean): void {
    for (const connection of this.#options.connections.all()) {
      if (connection.partition >= 0 && isMeant(connection.partition)) connection.send({ type: 'resync', reason: 'gap' });
    }
  }

  /** Their owner knows them again: what it could not route meanwhile is found by a sync from now on. */
  #resyncUsers(userIds: readonly string[]): void {
    for (const userId of userIds) {
      for (let one = this.#options.connections.newestOf(userId); one !== undefined; one = one.next)
        one.send({ type: 'resync', reason: 'gap' });
    }
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
