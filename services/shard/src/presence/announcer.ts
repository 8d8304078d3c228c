import type { ShardToken } from '@carillon/presence';
import { DeadlineError, type Logger, withDeadline } from '@carillon/runtime';
import type { Forwarder } from '../delivery/forwarder.ts';
import type { Notice } from '../inbox/inbox.ts';
import { type LeaseTable, ownerOf } from './lease-table.ts';
import type { LocalUsers } from './local-users.ts';

type AnnouncerOptions = {
  readonly self: ShardToken;
  readonly users: LocalUsers;
  readonly leases: LeaseTable;
  readonly forwarder: Forwarder;
  readonly logger: Logger;
};

type Answer = 'ok' | 'not_owner' | 'none';

/** How long an owner may take to acknowledge. */
const ackLimitMs = 300;

/**
 * Tells a partition's owner which users this shard holds, and waits for its acknowledgement [R7]. The last notice
 * of a call asks for one, which answers for all: notices arrive in order, and a lost one makes the owner load anew. Bound: one pending answer per call.
 */
export class Announcer {
  readonly #options: AnnouncerOptions;
  readonly #pending = new Map<number, (answer: Answer) => void>();
  #lastAckId = 0;

  constructor(options: AnnouncerOptions) {
    this.#options = options;
  }

  /**
   * The owner that acknowledged, or undefined. Asks the lease table once more when the owner says it is none, or does not
   * answer and another one is known by then. Each try tells what is true at its moment. Never rejects.
   */
  async announce(partition: number, userIds: readonly string[]): Promise<ShardToken | undefined> {
    const first = await this.#ownerOf(partition, { anew: false });
    const isNobody = first === undefined || first === this.#options.self;
    const answer = isNobody ? 'not_owner' : await this.#tell(first, partition, userIds);
    if (answer === 'ok') return first;
    const second = await this.#ownerOf(partition, { anew: true });
    if (second === undefined || second === this.#options.self || second === first) return undefined;
    return (await this.#tell(second, partition, userIds)) === 'ok' ? second : undefined;
  }

  /** An owner's answer; one that comes too late is of no interest any more. */
  settleAck(ackId: number, result: 'ok' | 'not_owner'): void {
    this.#pending.get(ackId)?.(result);
  }

  async #ownerOf(partition: number, freshness: { anew: boolean }): Promise<ShardToken | undefined> {
    try {
      return ownerOf(await this.#options.leases.read(freshness), partition);
    } catch (err) {
      this.#options.logger.debug({ err }, 'the lease table could not be read');
      return undefined;
    }
  }

  async #tell(owner: ShardToken, partition: number, userIds: readonly string[]): Promise<Answer> {
    const [here, gone] = this.#options.users.split(userIds);
    for (const userId of gone) void this.#notify(owner, { kind: 'unregister', partition, userId, ackId: null });
    const last = here.pop();
    if (last === undefined) return 'ok';
    for (const userId of here) void this.#notify(owner, this.#registration(partition, userId, null));
    this.#lastAckId += 1;
    const ackId = this.#lastAckId;
    const answer = new Promise<Answer>((resolve) => this.#pending.set(ackId, resolve));
    const sent = this.#notify(owner, this.#registration(partition, last, ackId));
    void sent.then((result) => result !== 'sent' && this.#pending.get(ackId)?.('none'));
    try {
      return await withDeadline(answer, ackLimitMs, 'the acknowledgement of a notice');
    } catch (err) {
      if (!(err instanceof DeadlineError)) throw err;
      return 'none';
    } finally {
      this.#pending.delete(ackId);
    }
  }

  #registration(partition: number, userId: string, ackId: number | null): Omit<Notice, 'holder'> {
    return { kind: 'register', partition, userId, ackId, wasAnswered: this.#options.users.isAnswered(userId) };
  }

  #notify(owner: ShardToken, notice: Omit<Notice, 'holder'>): ReturnType<Forwarder['forward']> {
    return this.#options.forwarder.forward(owner, { ...notice, holder: this.#options.self });
  }
}
