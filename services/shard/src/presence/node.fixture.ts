import { type Presence, type RenewOutcome, type ShardToken, shardToken } from '@carillon/presence';
import { partitionOf } from '@carillon/protocol';
import { type Clock, silentLogger, systemClock } from '@carillon/runtime';
import { Forwarder } from '../delivery/forwarder.ts';
import { RoutingTable } from '../delivery/routing-table.ts';
import type { Inbox } from '../inbox/inbox.ts';
import { LeaseTable } from './lease-table.ts';
import { Registrar } from './registrar.ts';

export const partitionCount = 8;
export const allPartitions = Array.from({ length: partitionCount }, (_, partition) => partition);

/** Ten times faster than the machine's: pauses between tries are not what is tested here. */
const fastClock: Clock = {
  ...systemClock,
  monotonicMs: () => systemClock.monotonicMs() * 10,
  sleep: (ms, signal) => systemClock.sleep(ms / 10, signal),
};

/** A shard without sockets and log: everything between a connection table and the registry, on in-process parts. */
export class Node<I extends Inbox> implements AsyncDisposable {
  readonly token: ShardToken;
  readonly inbox: I;
  readonly leases: LeaseTable;
  readonly routes: RoutingTable;
  readonly forwarder: Forwarder;
  readonly registrar: Registrar;
  /** Users who may have missed something, in the order that it was told, and why. */
  readonly late: string[] = [];
  readonly reasons = new Map<string, string>();
  /** Users who became degraded, or were not any more. */
  readonly changed: string[] = [];
  readonly #presence: Presence;
  readonly #shardId: string;

  constructor(shardId: string, presence: Presence, openInbox: (token: ShardToken) => I) {
    const [clock, random, logger] = [fastClock, () => 0.5, silentLogger];
    const self = shardToken(shardId, 1);
    this.token = self;
    this.#shardId = shardId;
    this.#presence = presence;
    this.inbox = openInbox(self);
    this.leases = new LeaseTable(presence, clock);
    this.routes = new RoutingTable({ self, presence, clock, random, logger, onUnrouted: () => undefined });
    this.forwarder = new Forwarder({ inbox: this.inbox, clock, logger, onForwarded: () => undefined });
    const { leases, routes, forwarder } = this;
    this.registrar = new Registrar({
      ...{ self, partitionCount, presence, leases, routes, forwarder, clock, random, logger },
      isLeaseFailing: () => false,
      onStanding: (userIds) => void this.changed.push(...userIds),
      onLoss: (userIds, reason) => {
        this.late.push(...userIds);
        for (const userId of userIds) this.reasons.set(userId, reason);
      },
    });
  }

  async start(): Promise<void> {
    await this.inbox.start({
      onItems: (sender, items) => {
        for (const item of items) if (item.kind !== 'forward' && item.kind !== 'lost') this.registrar.receive(sender, item);
      },
      onGap: () => this.routes.reload(),
    });
  }

  assign(partitions: readonly number[]): void {
    this.routes.assign(partitions);
    this.registrar.assign(partitions);
  }

  /** The lease says that it owns these. */
  claim(partitions: readonly number[]): Promise<RenewOutcome> {
    return this.#presence.renewLease({ shardId: this.#shardId, epoch: 1, url: '', state: 'active', connections: 0, partitions });
  }

  async own(partitions: readonly number[]): Promise<void> {
    this.assign(partitions);
    await this.claim(partitions);
    await Promise.all(partitions.map((partition) => this.routes.whenLoaded(partition)));
  }

  holders(userId: string): readonly ShardToken[] {
    return this.routes.holdersOf(partitionOf(userId, partitionCount), userId);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.registrar[Symbol.dispose]();
    this.forwarder[Symbol.dispose]();
    this.routes[Symbol.dispose]();
    await this.inbox[Symbol.asyncDispose]();
  }
}
