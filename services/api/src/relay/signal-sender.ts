import type { SignalFrame } from '@carillon/protocol';
import { partitionOf } from '@carillon/protocol';
import type { Clock } from '@carillon/runtime';
import { groupByPartition } from './group-by-partition.ts';
import { type SizedRecord, weighRecord } from './to-records.ts';

/** A user's read position moved. `recipients`: the user and, in a direct chat, the other side. */
type ReadSignal = {
  readonly chatId: string;
  readonly userId: string;
  readonly messageNo: number;
  readonly recipients: readonly string[];
};

type Waiting = { readonly signal: ReadSignal; readonly sinceMs: number };

const minIntervalMs = 1_000;
const maxAgeMs = 5_000;
const maxWaiting = 1_000;
const maxRemembered = 20_000;

/**
 * Read positions on their way to the event log. They do not pass the outbox: the relay's loop takes them along with its next
 * append, so they never make a send of their own wait. They may be lost: above 1,000 waiting, older than 5 s, or in an append
 * that fails. At most one leaves per user, chat and second; of several within it the newest leaves at its end.
 */
export class SignalSender {
  readonly #clock: Clock;
  readonly #waiting = new Map<string, Waiting>();
  /** When each user and chat was last served, oldest first. */
  readonly #served = new Map<string, number>();
  #onWaiting: () => void = () => undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Never throws, never waits; may drop. */
  sendRead(signal: ReadSignal): void {
    const key = `${signal.chatId} ${signal.userId}`;
    const earlier = this.#waiting.get(key);
    if (earlier === undefined && this.#waiting.size >= maxWaiting) return;
    if (earlier !== undefined && earlier.signal.messageNo > signal.messageNo) return;
    this.#waiting.set(key, { signal, sinceMs: earlier?.sinceMs ?? this.#clock.monotonicMs() });
    this.#onWaiting();
  }

  /** The relay's loop is called when there is something to take. */
  listen(onWaiting: () => void): void {
    this.#onWaiting = onWaiting;
  }

  /** Takes out what is due now, as records. */
  take(partitionCount: number): SizedRecord[] {
    const nowMs = this.#clock.monotonicMs();
    this.#forgetServed(nowMs);
    const records: SizedRecord[] = [];
    for (const [key, { signal, sinceMs }] of [...this.#waiting]) {
      if (nowMs - sinceMs > maxAgeMs) this.#waiting.delete(key);
      else if (!this.#served.has(key) && this.#served.size < maxRemembered) {
        this.#waiting.delete(key);
        this.#served.set(key, nowMs);
        records.push(...toSignalRecords(signal, partitionCount));
      }
    }
    return records;
  }

  #forgetServed(nowMs: number): void {
    for (const [key, servedAtMs] of this.#served) {
      if (nowMs - servedAtMs < minIntervalMs) return;
      this.#served.delete(key);
    }
  }
}

function toSignalRecords({ chatId, userId, messageNo, recipients }: ReadSignal, partitionCount: number): SizedRecord[] {
  const frame: SignalFrame = { type: 'signal', signal: 'read', chat_id: chatId, user_id: userId, message_no: messageNo };
  const value = Buffer.from(JSON.stringify(frame));
  const addressees = [...new Set(recipients)].map((recipient) => ({
    userId: recipient,
    partition: partitionOf(recipient, partitionCount),
  }));
  return groupByPartition(addressees).map((group) =>
    weighRecord(group, { partition: group.partition, recipients: group.recipients, chatId, seq: 0, event: 'signal.read', value }),
  );
}
