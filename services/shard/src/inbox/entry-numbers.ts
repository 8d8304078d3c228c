import type { ShardToken } from '@carillon/presence';

/**
 * Numbers entries per receiver, from 1, without a hole. Bound: one number per life of a shard that was ever written to,
 * some 100 bytes each.
 */
export class SentNumbers {
  readonly #last = new Map<ShardToken, number>();

  next(to: ShardToken): number {
    const number = (this.#last.get(to) ?? 0) + 1;
    this.#last.set(to, number);
    return number;
  }
}

/** Finds what is missing or came twice in the numbers of each sender. Bound as SentNumbers. */
export class ReceivedNumbers {
  readonly #last = new Map<ShardToken, number>();

  /** `gap`: this entry is new, and at least one before it is missing. */
  accept(sender: ShardToken, number: number): 'next' | 'gap' | 'duplicate' {
    const last = this.#last.get(sender) ?? 0;
    if (number <= last) return 'duplicate';
    this.#last.set(sender, number);
    return number === last + 1 ? 'next' : 'gap';
  }
}
