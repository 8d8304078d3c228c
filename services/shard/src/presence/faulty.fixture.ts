import { InProcessPresence, type ShardLease, type ShardToken } from '@carillon/presence';
import type { Clock } from '@carillon/runtime';
import type { Inbox, InboxItem, InboxListener } from '../inbox/inbox.ts';

/** The in-process registry, with an outage to switch on, calls to count, and loads that a test may hold. */
export class FaultyPresence extends InProcessPresence {
  isAway = false;
  readonly calls: string[] = [];
  /** While set, loads wait for it after they have read. */
  heldLoad: Promise<void> | undefined;
  /** What each call takes before it is done. */
  latency: () => Promise<void> = () => Promise.resolve();
  /** While set, renewals wait for it before they are written. */
  heldRenewal: Promise<void> | undefined;

  async #use(call: string): Promise<void> {
    if (this.isAway) throw new Error('presence is away');
    this.calls.push(call);
    await this.latency();
  }

  override async claimEpoch(shardId: string) {
    await this.#use('claimEpoch');
    return super.claimEpoch(shardId);
  }

  override async readPredecessor(shardId: string) {
    await this.#use('readPredecessor');
    return super.readPredecessor(shardId);
  }

  override async renewLease(lease: ShardLease) {
    await this.#use('renewLease');
    await this.heldRenewal;
    return super.renewLease(lease);
  }

  override async releaseLease(shardId: string, epoch: number) {
    await this.#use('releaseLease');
    return super.releaseLease(shardId, epoch);
  }

  override async readLeases() {
    await this.#use('readLeases');
    return super.readLeases();
  }

  override async register(partition: number, userIds: readonly string[], token: ShardToken) {
    await this.#use('register');
    return super.register(partition, userIds, token);
  }

  override async unregister(partition: number, userIds: readonly string[], token: ShardToken) {
    await this.#use('unregister');
    return super.unregister(partition, userIds, token);
  }

  override async loadPartition(partition: number) {
    await this.#use('loadPartition');
    const users = await super.loadPartition(partition);
    await this.heldLoad;
    return users;
  }

  override isConnected(): boolean {
    return !this.isAway;
  }
}

/** An inbox whose sends a test may hold or let fail; what was sent, entry by entry. */
export class FaultyInbox implements Inbox {
  readonly #inbox: Inbox;
  readonly sent: { to: ShardToken; items: readonly InboxItem[] }[] = [];
  latency: () => Promise<void> = () => Promise.resolve();
  skipped = 0;
  isAway = false;
  held: Promise<void> | undefined;

  constructor(inbox: Inbox) {
    this.#inbox = inbox;
  }

  async send(to: ShardToken, items: readonly InboxItem[]): Promise<void> {
    this.sent.push({ to, items });
    await this.held;
    await this.latency();
    if (this.isAway) {
      this.#inbox.skip(to);
      throw new Error('the inbox is away');
    }
    await this.#inbox.send(to, items);
  }

  skip(to: ShardToken): void {
    this.skipped += 1;
    this.#inbox.skip(to);
  }

  start(listener: InboxListener): Promise<void> {
    return this.#inbox.start(listener);
  }

  isConnected(): boolean {
    return !this.isAway;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#inbox[Symbol.asyncDispose]();
  }
}

type Sleeper = { readonly dueMs: number; readonly wake: () => void };

/** Time that a test moves. Sleepers wake in the order of their due times; `every` is not part of it. */
export class ManualClock implements Clock {
  #nowMs: number;
  #sleepers: Sleeper[] = [];

  constructor(nowMs = 1_000_000) {
    this.#nowMs = nowMs;
  }

  nowMs(): number {
    return this.#nowMs;
  }

  monotonicMs(): number {
    return this.#nowMs;
  }

  /** Sleepers at this moment: a test waits for one before it moves the time. */
  get sleeping(): number {
    return this.#sleepers.length;
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason);
      const sleeper = { dueMs: this.#nowMs + ms, wake: () => resolve() };
      this.#sleepers.push(sleeper);
      signal?.addEventListener('abort', () => {
        this.#sleepers = this.#sleepers.filter((one) => one !== sleeper);
        reject(signal.reason);
      });
    });
  }

  every(): Disposable {
    throw new Error('not part of this clock');
  }

  advance(ms: number): void {
    this.#nowMs += ms;
    const due = this.#sleepers.filter((sleeper) => sleeper.dueMs <= this.#nowMs).sort((a, b) => a.dueMs - b.dueMs);
    this.#sleepers = this.#sleepers.filter((sleeper) => sleeper.dueMs > this.#nowMs);
    for (const sleeper of due) sleeper.wake();
  }
}
