import type { LiveLease, Presence, ShardToken } from '@carillon/presence';
import { partitionOf } from '@carillon/protocol';
import type { Clock, Logger } from '@carillon/runtime';
import type { Forwarder } from '../delivery/forwarder.ts';
import type { RoutingTable } from '../delivery/routing-table.ts';
import type { InboxItem, Notice } from '../inbox/inbox.ts';
import { Announcer } from './announcer.ts';
import { LateUsers, takeSome } from './late-users.ts';
import { type LeaseTable, ownerOf } from './lease-table.ts';
import { LocalUsers, type Standing } from './local-users.ts';
import { OwnerWatch } from './owner-watch.ts';
import type { LossReason } from './resync-pacer.ts';

type RegistrarOptions = {
  readonly self: ShardToken;
  readonly partitionCount: number;
  readonly presence: Presence;
  readonly leases: LeaseTable;
  readonly routes: RoutingTable;
  readonly forwarder: Forwarder;
  readonly clock: Clock;
  readonly random: () => number;
  readonly logger: Logger;
  /** Renewals of this shard's lease fail for so long that its registrations are about to be void. */
  readonly isLeaseFailing: () => boolean;
  /** Users whose connections were answered otherwise: `isDegraded` has changed for them. */
  readonly onStanding: (userIds: readonly string[]) => void;
  /** Events of these users may have been kept from them; from now on all come. */
  readonly onLoss: (userIds: readonly string[], reason: LossReason) => void;
};

type Settle = (outcome: { degraded: boolean }) => void;

/** Users per flush. */
const flushUsers = 1_000;
const downMs = 1_000;
/** Users who left and whose entry could not be removed. More are forgotten: an entry is a hint, its owner forwards in vain. */
const maxLate = 100_000;

/**
 * Tells presence, and the owner of each user's partition, which users this shard holds. A set of users whose entry may differ
 * from the truth, one flush in flight; each flush writes what is true at its moment, so a register and a close cannot race.
 *
 * `register` of an own partition resolves at once: the owner's own users are local. Of a foreign one it resolves after the
 * owner's acknowledgement [R7], else as degraded: each step takes at most 300 ms (the flush before, the write, the lease
 * table, the acknowledgement; the last two a second time when the owner has changed), and none while the registry counts as
 * down [R5]. What failed is tried again, paced, until it succeeds or the user leaves.
 *
 * A user stands `effective` from the acknowledgement on, until a try fails, the partition's owner has no live lease, or the registry
 * is out of reach; then `degraded` until the next acknowledgement, or until the partition is own [R10].
 *
 * Bounds: an entry per user of this shard in each set, 1,000 users in a flush, and of those who left 100,000 whose entry could not be
 * removed; one registration that waits per connection.
 */
export class Registrar implements Disposable {
  readonly #options: RegistrarOptions;
  readonly #users: LocalUsers;
  readonly #announcer: Announcer;
  readonly #owners: OwnerWatch;
  readonly #dirty = new Set<string>();
  readonly #late: LateUsers;
  /** Users whose events may have found no way here, until they are acknowledged again. */
  readonly #lost = new Map<string, LossReason>();
  readonly #waiting = new Map<string, Settle[]>();
  readonly #told = new Map<number, ShardToken>();
  readonly #ended = new AbortController();
  #own: ReadonlySet<number> = new Set();
  #downUntilMs = Number.NEGATIVE_INFINITY;
  #isFlushing = false;

  constructor(options: RegistrarOptions) {
    this.#options = options;
    this.#users = new LocalUsers((userId) => partitionOf(userId, options.partitionCount));
    this.#announcer = new Announcer({ ...options, users: this.#users });
    const { self, clock, random } = options;
    this.#owners = new OwnerWatch(self, clock);
    this.#late = new LateUsers({ clock, random, ended: this.#ended.signal, onDue: (userId) => this.#markDirty(userId) });
  }

  /** A user's first local connection; called again it tells again. Never rejects. */
  register(userId: string): Promise<{ degraded: boolean }> {
    const partition = this.#users.add(userId);
    this.#markDirty(userId);
    const isOwn = this.#own.has(partition);
    if (isOwn) this.#stand([userId], 'effective');
    if (isOwn || this.#ended.signal.aborted) return Promise.resolve({ degraded: !isOwn });
    return new Promise((resolve) => this.#waiting.set(userId, [...(this.#waiting.get(userId) ?? []), resolve]));
  }

  /** After a user's last local connection. */
  unregister(userId: string): void {
    this.#users.remove(userId);
    this.#lost.delete(userId);
    this.#settle([userId], { degraded: true });
    this.#markDirty(userId);
  }

  /** Events for this user may find no way here at present. */
  isDegraded(userId: string): boolean {
    return this.#users.standingOf(userId) === 'degraded';
  }

  /** The users of the partition who are here. */
  usersOf(partition: number): readonly string[] {
    return this.#users.ofPartition(partition);
  }

  /** The users here whose partition another shard owns. */
  foreignUsers(): readonly string[] {
    return this.#foreignPartitions().flatMap((partition) => this.#users.ofPartition(partition));
  }

  /** The partitions of this shard from now on. Users of those that became foreign are announced to their new owner. */
  assign(partitions: readonly number[]): void {
    const before = this.#own;
    this.#own = new Set(partitions);
    for (const partition of before) if (!this.#own.has(partition)) this.#tellLater(this.#users.ofPartition(partition));
    for (const partition of partitions) {
      this.#told.delete(partition);
      this.#conclude(this.#users.ofPartition(partition));
    }
  }

  /** The registry lost what it held: every user is registered again, at most 2,000 a second, and `onLoss` tells those of foreign partitions. */
  registerAll(): void {
    for (const partition of this.#users.partitions()) {
      if (this.#own.has(partition)) this.#tellLater(this.#users.ofPartition(partition));
      else this.#suspectLoss(partition, 'gap');
    }
  }

  /** The registry is out of reach: nobody's owner can forward to this shard, or hear of a change. */
  degradeAll(): void {
    for (const partition of this.#foreignPartitions()) this.#degrade(partition);
  }

  /**
   * A new reading of the lease table. Partitions that changed their owner are announced to the new one; those without one are degraded;
   * those whose owner ended without a farewell may have lost something that nobody else knows of [R13].
   */
  followOwners(leases: readonly LiveLease[]): void {
    for (const partition of this.#owners.observe(leases)) this.#suspectLoss(partition, 'takeover');
    for (const partition of this.#foreignPartitions()) {
      const owner = ownerOf(leases, partition);
      if (owner === undefined) this.#degrade(partition);
      else if (owner !== this.#told.get(partition)) this.#tellLater(this.#users.ofPartition(partition));
    }
  }

  /** A notice for this shard's routing table, or an answer to a notice of this shard. */
  receive(sender: ShardToken, item: Notice | Extract<InboxItem, { kind: 'ack' | 'missed' | 'farewell' }>): void {
    switch (item.kind) {
      case 'ack':
        this.#announcer.settleAck(item.ackId, item.result);
        break;
      case 'missed':
        this.#markLost([item.userId], 'gap');
        break;
      case 'farewell':
        this.#owners.noteFarewell(sender);
        break;
      case 'register':
      case 'unregister':
        this.#applyNotice(sender, item);
    }
  }

  /** Users whose registration is not known to have taken effect at present. */
  pendingCount(): number {
    return this.#dirty.size + this.#late.size;
  }

  /** What waits is answered as degraded; nothing is written any more. */
  [Symbol.dispose](): void {
    this.#ended.abort();
    this.#settle([...this.#waiting.keys()], { degraded: true });
  }

  #applyNotice(sender: ShardToken, notice: Notice): void {
    const { routes, forwarder } = this.#options;
    const hasMissed = notice.wasAnswered === true && routes.keptFrom(notice);
    const isOwner = routes.apply(notice);
    if (hasMissed) void forwarder.forward(sender, { kind: 'missed', userId: notice.userId });
    if (notice.ackId === null) return;
    void forwarder.forward(sender, { kind: 'ack', ackId: notice.ackId, result: isOwner ? 'ok' : 'not_owner' });
  }

  #markDirty(userId: string): void {
    if (this.#ended.signal.aborted) return;
    this.#dirty.add(userId);
    if (this.#isFlushing) return;
    this.#isFlushing = true;
    // A turn later, so that all that register in this turn are written together.
    queueMicrotask(() => void this.#flush());
  }

  async #flush(): Promise<void> {
    while (this.#dirty.size > 0 && !this.#ended.signal.aborted) {
      const batch = takeSome(this.#dirty, flushUsers);
      await Promise.all([...this.#users.group(batch)].map(([partition, userIds]) => this.#write(partition, userIds)));
    }
    this.#isFlushing = false;
  }

  async #write(partition: number, userIds: readonly string[]): Promise<void> {
    const { presence, self, logger } = this.#options;
    // Only an attempt that failed makes presence count as down: if asking in that time did too, steady connects would keep it down for ever.
    if (this.#isDown()) return this.#fail(partition, userIds);
    const [here, gone] = this.#users.split(userIds);
    try {
      await Promise.all([
        here.length > 0 ? presence.register(partition, here, self) : undefined,
        gone.length > 0 ? presence.unregister(partition, gone, self) : undefined,
      ]);
    } catch (err) {
      if (!this.#isDown()) logger.warn({ err }, 'registrations wait: presence is away');
      this.#downUntilMs = this.#options.clock.monotonicMs() + downMs;
      this.#fail(partition, userIds);
      return;
    }
    void this.#announce(partition, userIds);
  }

  /** Not part of the flush: the next one does not wait for this owner. */
  async #announce(partition: number, userIds: readonly string[]): Promise<void> {
    if (this.#own.has(partition)) return this.#conclude(userIds);
    const owner = await this.#announcer.announce(partition, userIds);
    if (this.#own.has(partition)) return this.#conclude(userIds);
    if (owner === undefined) return this.#failUnheard(partition, this.#users.split(userIds)[0]);
    this.#late.noteSuccess();
    this.#noteOwner(partition, owner);
    this.#conclude(userIds);
  }

  /** Whoever was told to another owner is told to this one too. */
  #noteOwner(partition: number, owner: ShardToken): void {
    const before = this.#told.get(partition);
    this.#told.set(partition, owner);
    if (before !== undefined && before !== owner) this.#tellLater(this.#users.ofPartition(partition));
  }

  /** The registrations are effective. */
  #conclude(userIds: readonly string[]): void {
    this.#settle(userIds, { degraded: false });
    this.#stand(userIds, 'effective');
    for (const reason of ['gap', 'takeover'] as const) {
      const missed = userIds.filter((userId) => this.#lost.get(userId) === reason && this.#lost.delete(userId));
      if (missed.length > 0) this.#options.onLoss(missed, reason);
    }
  }

  #fail(partition: number, userIds: readonly string[]): void {
    this.#late.noteFailure();
    this.#settle(userIds, { degraded: true });
    if (!this.#own.has(partition)) this.#stand(userIds, 'degraded');
    this.#tellLater(userIds);
  }

  /** Until the next try the partition may have owners that never hear of these users: the one that does cannot know what they missed. */
  #failUnheard(partition: number, userIds: readonly string[]): void {
    this.#markLost(userIds, 'gap');
    this.#fail(partition, userIds);
  }

  #degrade(partition: number): void {
    const userIds = this.#users.ofPartition(partition);
    this.#stand(userIds, 'degraded');
    this.#tellLater(userIds);
  }

  #stand(userIds: readonly string[], standing: Exclude<Standing, 'new'>): void {
    const changed = userIds.filter((userId) => this.#users.stand(userId, standing));
    if (changed.length > 0) this.#options.onStanding(changed);
  }

  /** Told when the registrations are effective again, so that nothing is missed behind it: at once where the partition is own. */
  #suspectLoss(partition: number, reason: LossReason): void {
    const userIds = this.#users.ofPartition(partition);
    this.#markLost(userIds, reason);
    if (this.#own.has(partition)) this.#conclude(userIds);
    else this.#tellLater(userIds);
  }

  #markLost(userIds: readonly string[], reason: LossReason): void {
    for (const userId of userIds) if (this.#users.isAnswered(userId)) this.#lost.set(userId, reason);
  }

  #foreignPartitions(): number[] {
    return this.#users.partitions().filter((partition) => !this.#own.has(partition));
  }

  #settle(userIds: Iterable<string>, outcome: { degraded: boolean }): void {
    for (const userId of userIds) {
      const waiting = this.#waiting.get(userId);
      this.#waiting.delete(userId);
      for (const settle of waiting ?? []) settle(outcome);
    }
  }

  #isDown(): boolean {
    const { presence, clock, isLeaseFailing } = this.#options;
    return !presence.isConnected() || isLeaseFailing() || clock.monotonicMs() < this.#downUntilMs;
  }

  #tellLater(userIds: Iterable<string>): void {
    for (const userId of userIds) if (this.#users.has(userId) || this.#late.size < maxLate) this.#late.add(userId);
  }
}
