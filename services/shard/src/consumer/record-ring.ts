import type { ReceivedRecord } from '@carillon/event-log';
import type { OutgoingFrame } from '../connection/outgoing-frame.ts';

/** A record as a replay needs it. A signal is a place without a frame: it may be lost, but a client may stand at it. */
type RecentRecord = {
  readonly offset: number;
  readonly appendedAtMs: number;
  readonly recipients: readonly string[];
  readonly frame: OutgoingFrame | undefined;
  readonly bytes: number;
};

/** What a record takes beside its value: its objects, and its recipients as short strings. An estimate from above. */
const recordBytes = 256;
const recipientBytes = 64;
const nobody: readonly string[] = [];

/**
 * The last records of one partition, in the log's order and without a hole: oldest first, those before `#head` are gone, those before
 * `#finished` were handed to every local connection. Bound: `maxBytes`, but for the newest record. Values are views into their record batches,
 * whose records stand here beside each other.
 */
export class RecordRing {
  #slots: (RecentRecord | undefined)[] = [];
  #head = 0;
  #finished = 0;
  #bytes = 0;

  /** In offset order. A record that is read again after a new assignment is here already; any other step back begins anew. */
  push(record: ReceivedRecord, frame: OutgoingFrame): void {
    const last = this.#slots.at(-1);
    if (last !== undefined && record.offset <= last.offset) {
      if (this.#isReadAgain(record)) return;
      this.#clear();
    }
    const kept = keep(record, frame);
    this.#slots.push(kept);
    this.#bytes += kept.bytes;
  }

  /** Lets the oldest records go until the rest fits. */
  trim(maxBytes: number): void {
    while (this.#bytes > maxBytes && this.#head < this.#slots.length - 1) this.#dropOldest();
    this.#finished = Math.max(this.#finished, this.#head);
    if (this.#head >= 256 && this.#head * 2 >= this.#slots.length) this.#compact();
  }

  /** The records of a partition are finished in order; one that is finished again, or is gone, changes nothing. */
  finish(offset: number): void {
    if (this.#slots[this.#finished]?.offset === offset) this.#finished += 1;
  }

  /** What waits is void: it comes again. */
  dropUnfinished(): void {
    for (const slot of this.#slots.splice(this.#finished)) this.#bytes -= slot?.bytes ?? 0;
  }

  /** The newest record up to which all is finished. */
  newestFinished(): Pick<RecentRecord, 'offset' | 'appendedAtMs'> | undefined {
    return this.#slots[this.#finished - 1];
  }

  /**
   * The frames for a user behind that very record, up to the one that is being delivered: the user may come before or behind the place
   * where its delivery stands. What is newer is still to come. Undefined: the record is not here.
   */
  framesBehind(offset: number, appendedAtMs: number, userId: string): OutgoingFrame[] | undefined {
    const place = this.#slotOf(offset, appendedAtMs);
    if (place < 0) return undefined;
    const frames: OutgoingFrame[] = [];
    for (let slot = place + 1; slot <= this.#finished && slot < this.#slots.length; slot += 1) {
      const record = this.#slots[slot];
      if (record?.frame !== undefined && record.recipients.includes(userId)) frames.push(record.frame);
    }
    return frames;
  }

  /** It is delivered again, and all behind it: whoever comes meanwhile must not be sent the later ones before it [M4]. */
  #isReadAgain({ offset, appendedAtMs }: ReceivedRecord): boolean {
    const slot = this.#slotOf(offset, appendedAtMs);
    if (slot < 0) return false;
    this.#finished = Math.min(this.#finished, slot);
    return true;
  }

  /** -1: it is not here, or the log was made anew and has another record there. */
  #slotOf(offset: number, appendedAtMs: number): number {
    let [from, to] = [this.#head, this.#slots.length];
    while (from < to) {
      const middle = (from + to) >>> 1;
      if ((this.#slots[middle]?.offset ?? 0) < offset) from = middle + 1;
      else to = middle;
    }
    const found = this.#slots[from];
    return found?.offset === offset && found.appendedAtMs === appendedAtMs ? from : -1;
  }

  #dropOldest(): void {
    this.#bytes -= this.#slots[this.#head]?.bytes ?? 0;
    this.#slots[this.#head] = undefined;
    this.#head += 1;
  }

  #compact(): void {
    this.#slots = this.#slots.slice(this.#head);
    this.#finished -= this.#head;
    this.#head = 0;
  }

  #clear(): void {
    this.#slots = [];
    this.#head = 0;
    this.#finished = 0;
    this.#bytes = 0;
  }
}

function keep({ offset, appendedAtMs, recipients, value }: ReceivedRecord, frame: OutgoingFrame): RecentRecord {
  if (frame.kind === 'signal') return { offset, appendedAtMs, recipients: nobody, frame: undefined, bytes: recordBytes };
  return { offset, appendedAtMs, recipients, frame, bytes: recordBytes + value.length + recipientBytes * recipients.length };
}
