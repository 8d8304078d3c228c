import type { LogRecord, ReceivedRecord } from '@carillon/event-log';
import type { Clock } from '@carillon/runtime';
import { committedAtMs } from '@carillon/shard';

/** The way of one record, in milliseconds of the wall clock; null where it has not come yet. */
export type Way = {
  readonly chat_id: string;
  readonly seq: number;
  readonly event: string;
  readonly partition: number;
  readonly offset: number | null;
  readonly committed_at: number;
  readonly relayed_at: number;
  readonly appended_at: number | null;
  /** Who read it from the log last, and how often it was read: more than once after a shard died with it. */
  readonly shard_id: string | null;
  readonly readings: number;
  readonly received_at: number | null;
  /** It was in the send queue of whoever is connected, or on its way to the shard that holds them. */
  readonly delivered_at: number | null;
};

type Kept = { readonly recipients: readonly string[]; readonly way: Way; readonly version: number };

const maxWays = 500;

/** The ways of the last 500 records, for the demo's panel. Signals have none. */
export class DeliveryWays {
  readonly #clock: Clock;
  readonly #kept = new Map<string, Kept>();
  #version = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** The relay has read these and hands them to the log; once more when the log refused them. */
  relayed(records: readonly LogRecord[]): void {
    const nowMs = this.#clock.nowMs();
    for (const record of records) if (record.seq > 0) this.#begin(record, nowMs);
  }

  appended(records: readonly LogRecord[]): void {
    const nowMs = this.#clock.nowMs();
    for (const record of records) this.#change(record, (way) => ({ appended_at: way.appended_at ?? nowMs }));
  }

  received(shardId: string, records: readonly ReceivedRecord[]): void {
    const nowMs = this.#clock.nowMs();
    for (const record of records) {
      this.#change(record, ({ readings }) => ({
        offset: record.offset,
        appended_at: record.appendedAtMs,
        shard_id: shardId,
        readings: readings + 1,
        received_at: nowMs,
        delivered_at: null,
      }));
    }
  }

  delivered(record: ReceivedRecord): void {
    this.#change(record, () => ({ delivered_at: this.#clock.nowMs() }));
  }

  /** Those of this user that are new or have changed since `after`, the `next` of an earlier answer. */
  of(userId: string, after: number): { readonly ways: readonly Way[]; readonly next: number } {
    const changed = [...this.#kept.values()].filter(({ version, recipients }) => version > after && recipients.includes(userId));
    return { ways: changed.map(({ way }) => way), next: this.#version };
  }

  #begin(record: LogRecord, nowMs: number): void {
    const { recipients, partition, chatId, seq, event, value } = record;
    const known = this.#kept.get(keyOf(record));
    if (known !== undefined) return;
    const way = {
      ...{ chat_id: chatId, seq, event, partition },
      ...{ offset: null, committed_at: committedAtMs(value), relayed_at: nowMs, appended_at: null },
      ...{ shard_id: null, readings: 0, received_at: null, delivered_at: null },
    };
    this.#keep(keyOf(record), recipients, way);
    const [oldest] = this.#kept.keys();
    if (this.#kept.size > maxWays && oldest !== undefined) this.#kept.delete(oldest);
  }

  #change(record: LogRecord, change: (way: Way) => Partial<Way>): void {
    const key = keyOf(record);
    const kept = this.#kept.get(key);
    if (kept !== undefined) this.#keep(key, kept.recipients, { ...kept.way, ...change(kept.way) });
  }

  #keep(key: string, recipients: readonly string[], way: Way): void {
    this.#version += 1;
    this.#kept.set(key, { recipients, way, version: this.#version });
  }
}

function keyOf({ chatId, seq, partition, recipients }: LogRecord): string {
  return `${chatId} ${seq} ${partition} ${recipients[0]}`;
}
