import { partitionOf } from '@carillon/protocol';
import type { MemberInterval, MemberIntervals } from '@carillon/store';
import { LRUCache } from 'lru-cache';
import { type Addressee, groupByPartition, type RecipientGroup } from './group-by-partition.ts';

/** Reads every stay that a chat has seen; none when there is no such chat. */
export type ReadIntervals = (chatId: string) => Promise<MemberIntervals>;

/** The row's fields that decide who is told. */
export type Expandable = { readonly chatId: string; readonly seq: number; readonly memberVersion: number };

type AddressedInterval = MemberInterval & Addressee;

type Audience = {
  readonly memberVersion: number;
  readonly intervals: readonly AddressedInterval[];
  /** Who stays on, grouped once: the answer for every event from `settledSeq` on. */
  readonly remaining: readonly RecipientGroup[];
  readonly settledSeq: number;
};

type RecipientExpanderOptions = {
  readonly partitionCount: number;
  readonly readIntervals: ReadIntervals;
  readonly maxChats?: number;
  readonly maxMembers?: number;
};

/**
 * Who is told about an event: the users whose stay contains its `seq`. The answer is the same however late or often it is
 * asked, because a change of members only adds stays and ends, all with a higher `seq` [M7].
 * A list serves every row whose `member_version` it has reached. A user's partition is computed once per list, and the
 * groups of those who stay are built once, so a message to 10,000 costs no hashing.
 * Bounds: `maxChats` lists and `maxMembers` stays in all; a list above that is read for each of its rows.
 */
export class RecipientExpander {
  readonly #partitionCount: number;
  readonly #readIntervals: ReadIntervals;
  readonly #audiences: LRUCache<string, Audience>;

  constructor(options: RecipientExpanderOptions) {
    this.#partitionCount = options.partitionCount;
    this.#readIntervals = options.readIntervals;
    this.#audiences = new LRUCache({
      max: options.maxChats ?? 20_000,
      maxSize: options.maxMembers ?? 500_000,
      sizeCalculation: (audience) => audience.intervals.length + 1,
    });
  }

  /** The event's recipients as of its `seq`; empty when nobody is left to tell or the chat is gone. */
  async expand(row: Expandable): Promise<readonly RecipientGroup[]> {
    return recipientsAt(this.#cached(row) ?? (await this.#load(row.chatId)), row.seq);
  }

  /**
   * Reads ahead the lists that `rows` need, four at a time, so that a batch over many cold chats does not wait for each in
   * turn. Stops at a tenth of the bound: what is read must still be there when the rows are expanded.
   */
  async prefetch(rows: Iterable<Expandable>): Promise<void> {
    const missing = new Set<string>();
    for (const row of rows) if (this.#cached(row) === undefined) missing.add(row.chatId);
    const chats = missing.values();
    let members = 0;
    const reader = async () => {
      for (const chatId of chats) {
        if (members > this.#audiences.maxSize / 10) return;
        members += (await this.#load(chatId)).intervals.length;
      }
    };
    await Promise.all([reader(), reader(), reader(), reader()]);
  }

  #cached(row: Expandable): Audience | undefined {
    const audience = this.#audiences.get(row.chatId);
    return audience !== undefined && audience.memberVersion >= row.memberVersion ? audience : undefined;
  }

  async #load(chatId: string): Promise<Audience> {
    const audience = address(await this.#readIntervals(chatId), this.#partitionCount);
    this.#audiences.set(chatId, audience);
    return audience;
  }
}

function address(list: MemberIntervals, partitionCount: number): Audience {
  const intervals = list.intervals.map(({ userId, joinedSeq, leftSeq }) => ({
    userId,
    joinedSeq,
    leftSeq,
    partition: partitionOf(userId, partitionCount),
  }));
  return {
    memberVersion: list.memberVersion,
    intervals,
    remaining: groupByPartition(intervals.filter((interval) => interval.leftSeq === null)),
    settledSeq: intervals.reduce((seq, { joinedSeq, leftSeq }) => Math.max(seq, leftSeq === null ? joinedSeq : leftSeq + 1), 0),
  };
}

function recipientsAt(audience: Audience, seq: number): readonly RecipientGroup[] {
  if (seq >= audience.settledSeq) return audience.remaining;
  return groupByPartition(audience.intervals.filter(({ joinedSeq, leftSeq }) => joinedSeq <= seq && (leftSeq === null || seq <= leftSeq)));
}
