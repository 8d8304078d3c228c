import type { LiveLease, Presence, ShardToken } from '@carillon/presence';
import { partitionOf } from '@carillon/protocol';
import type { Clock, Logger } from '@carillon/runtime';
import type { Forwarder } from '../delivery/forwarder.ts';
import type { RoutingTable } from '../delivery/routing-table.ts';
import type { InboxItem, Notice } from '../inbox/inbox.ts';
import { Announcer } from './announcer.ts';
import { type LeaseTable, ownerOf } from './lease-table.ts';
import { LocalUsers } from './local-users.ts';

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
  /** Users of foreign partitions whose registration the registry had lost are registered again, and acknowledged by the owner. */
  readonly onLate: (userIds: readonly string[]) => void;
};

type Settle = (outcome: { degraded: boolean }) => void;

/** Users per flush, and per paced step: 500 each 250 ms are 2,000 a second [reliability 4, late registration]. */
const flushUsers = 1_000;
const pacedUsers = 500;
const paceMs = 250;
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
 */
export class Registrar implements Disposable {
  readonly #options: RegistrarOptions;
  readonly #users: LocalUsers;
  readonly #announcer: Announcer;
  readonly #dirty = new Set<string>();
  readonly #late = new Set<string>();
  /** Users whose events may have found no way here since the registry lost them. */
  readonly #lost = new Set<string>();
  readonly #waiting = new Map<string, Settle[]>();
  readonly #told = new Map<number, ShardToken>();
  readonly #ended = new AbortController();
  #own: ReadonlySet<number> = new Set();
  #downUntilMs = Number.NEGATIVE_INFINITY;
  #failures = 0;
  #isFlushing = false;
  #isPacing = false;

  constructor(options: RegistrarOptions) {
    this.#options = options;
    this.#users = new LocalUsers((userId) => partitionOf(userId, options.partitionCount));
    this.#announcer = new Announcer(options);
  }

  /** A user's first local connection; called again it tells again. Never rejects. */
  register(userId: string): Promise<{ degraded: boolean }> {
    const partition = this.#users.add(userId);
    this.#markDirty(userId);
    const isOwn = this.#own.has(partition);
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

  /** The partitions of this shard from now on. Users of those that became foreign are announced to their new owner. */
  assign(partitions: readonly number[]): void {
    const before = this.#own;
    this.#own = new Set(partitions);
    for (const partition of before) if (!this.#own.has(partition)) this.#tellLater(this.#users.ofPartition(partition));
    for (const partition of partitions) {
      this.#told.delete(partition);
      this.#settle(this.#users.ofPartition(partition), { degraded: false });
    }
  }

  /** The registry lost what it held: every user is registered again, at most 2,000 a second; `onLate` tells those of foreign partitions. */
  registerAll(): void {
    for (const partition of this.#users.partitions()) {
      const userIds = this.#users.ofPartition(partition);
      if (!this.#own.has(partition)) for (const userId of userIds) this.#lost.add(userId);
      this.#tellLater(userIds);
    }
  }

  /** A new reading of the lease table: partitions that changed their owner are announced to the new one. */
  followOwners(leases: readonly LiveLease[]): void {
    for (const partition of this.#users.partitions()) {
      if (this.#own.has(partition)) continue;
      const owner = ownerOf(leases, partition);
      if (owner !== undefined && owner !== this.#told.get(partition)) this.#tellLater(this.#users.ofPartition(partition));
    }
  }

  /** A notice for this shard's routing table, or an answer to a notice of this shard. Forwards are not for here. */
  receive(sender: ShardToken, item: Exclude<InboxItem, { kind: 'forward' }>): void {
    if (item.kind === 'ack') this.#announcer.settleAck(item.ackId, item.result);
    else this.#applyNotice(sender, item);
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
    const isOwner = this.#options.routes.apply(notice);
    if (notice.ackId === null) return;
    void this.#options.forwarder.forward(sender, { kind: 'ack', ackId: notice.ackId, result: isOwner ? 'ok' : 'not_owner' });
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
    if (this.#isDown()) return this.#fail(userIds);
    const [here, gone] = this.#users.split(userIds);
    try {
      await Promise.all([
        here.length > 0 ? presence.register(partition, here, self) : undefined,
        gone.length > 0 ? presence.unregister(partition, gone, self) : undefined,
      ]);
    } catch (err) {
      if (!this.#isDown()) logger.warn({ err }, 'registrations wait: presence is away');
      this.#downUntilMs = this.#options.clock.monotonicMs() + downMs;
      this.#fail(userIds);
      return;
    }
    void this.#announce(partition, userIds);
  }

  /** Not part of the flush: the next one does not wait for this owner. */
  async #announce(partition: number, userIds: readonly string[]): Promise<void> {
    if (this.#own.has(partition)) return this.#conclude(userIds);
    const owner = await this.#announcer.announce(partition, () => this.#users.split(userIds));
    if (this.#own.has(partition)) return this.#conclude(userIds);
    if (owner === undefined) return this.#fail(this.#users.split(userIds)[0]);
    this.#failures = 0;
    this.#told.set(partition, owner);
    this.#conclude(userIds);
  }

  /** The registrations are effective. */
  #conclude(userIds: readonly string[]): void {
    this.#settle(userIds, { degraded: false });
    const late = userIds.filter((userId) => this.#lost.delete(userId));
    if (late.length > 0) this.#options.onLate(late);
  }

  #fail(userIds: readonly string[]): void {
    this.#failures += 1;
    this.#settle(userIds, { degraded: true });
    this.#tellLater(userIds);
  }

  #settle(userIds: Iterable<string>, outcome: { degraded: boolean }): void {
    for (const userId of userIds) {
      const waiting = this.#waiting.get(userId);
      this.#waiting.delete(userId);
      for (const settle of waiting ?? []) settle(outcome);
    }
  }

  #isDown(): boolean {
    return !this.#options.presence.isConnected() || this.#options.clock.monotonicMs() < this.#downUntilMs;
  }

  #tellLater(userIds: Iterable<string>): void {
    for (const userId of userIds) if (this.#users.has(userId) || this.#late.size < maxLate) this.#late.add(userId);
    if (this.#late.size > 0 && !this.#isPacing && !this.#ended.signal.aborted) void this.#pace();
  }

  /** Moves late users into the flush, slower the longer it fails. */
  async #pace(): Promise<void> {
    this.#isPacing = true;
    const { clock, random } = this.#options;
    while (this.#late.size > 0) {
      const delayMs = paceMs * (0.5 + random()) + Math.min(2_000, paceMs * this.#failures);
      await clock.sleep(delayMs, this.#ended.signal).catch((reason: unknown) => reason);
      if (this.#ended.signal.aborted) return;
      for (const userId of takeSome(this.#late, pacedUsers)) this.#markDirty(userId);
    }
    this.#isPacing = false;
  }
}

function takeSome(set: Set<string>, count: number): string[] {
  const taken: string[] = [];
  for (const userId of set) {
    if (taken.length === count) break;
    taken.push(userId);
    set.delete(userId);
  }
  return taken;
}
