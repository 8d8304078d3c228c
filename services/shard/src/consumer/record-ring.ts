import type { ReceivedRecord } from '@carillon/event-log';
import type { OutgoingFrame } from '../connection/outgoing-frame.ts';

/** Where a record stands in the log. */
type RecordPlace = { readonly offset: number; readonly appendedAtMs: number };

/** What a record takes beside its value: its objects, and its recipients as short strings. An estimate from above. */
const recordBytes = 256;
const recipientBytes = 64;
const nobody: readonly string[] = [];

/**
 * The last records of one partition, in the log's order and without a hole: oldest first, those before `#head` are gone, those before
 * `#finished` were handed to every local connection. Bound: `maxBytes`, but for the newest record. Values are views into their record batches,
 * whose records stand here beside each other. Columns, not an object for each record, which the collector would copy: 70 bytes of 450.
 */
export class RecordRing {
  readonly #offsets: number[] = [];
  readonly #appendedAtMs: number[] = [];
  readonly #recipients: (readonly string[])[] = [];
  /** A signal is a place without a frame: it may be lost, but a client may stand at it. */
  readonly #frames: (OutgoingFrame | undefined)[] = [];
  #head = 0;
  #finished = 0;
  #bytes = 0;

  /** In offset order. A record that is read again after a new assignment is here already; any other step back begins anew. */
  push(record: ReceivedRecord, frame: OutgoingFrame): void {
    const { offset } = record;
    if (this.#length > 0 && offset <= (this.#offsets[this.#length - 1] ?? 0)) {
      if (this.#isReadAgain(record)) return;
      this.#clear();
    }
    const isSignal = frame.kind === 'signal';
    this.#offsets.push(offset);
    this.#appendedAtMs.push(record.appendedAtMs);
    this.#recipients.push(isSignal ? nobody : record.recipients);
    this.#frames.push(isSignal ? undefined : frame);
    this.#bytes += this.#bytesOf(this.#length - 1);
  }

  /** Lets the oldest records go until the rest fits. */
  trim(maxBytes: number): void {
    while (this.#bytes > maxBytes && this.#head < this.#length - 1) this.#dropOldest();
    this.#finished = Math.max(this.#finished, this.#head);
    if (this.#head >= 256 && this.#head * 2 >= this.#length) this.#compact();
  }

  /** The records of a partition are finished in order; one that is finished again, or is gone, changes nothing. */
  finish(offset: number): void {
    if (this.#offsets[this.#finished] === offset) this.#finished += 1;
  }

  /** What waits is void: it comes again. */
  dropUnfinished(): void {
    for (let slot = this.#finished; slot < this.#length; slot += 1) this.#bytes -= this.#bytesOf(slot);
    this.#truncate(this.#finished);
  }

  /** The newest record up to which all is finished. */
  newestFinished(): RecordPlace | undefined {
    const slot = this.#finished - 1;
    const [offset, appendedAtMs] = [this.#offsets[slot], this.#appendedAtMs[slot]];
    return slot < this.#head || offset === undefined || appendedAtMs === undefined ? undefined : { offset, appendedAtMs };
  }

  /**
   * The frames for a user behind that very record, up to the one that is being delivered: the user may come before or behind the place
   * where its delivery stands. What is newer is still to come. Undefined: the record is not here.
   */
  framesBehind(offset: number, appendedAtMs: number, userId: string): OutgoingFrame[] | undefined {
    const place = this.#slotOf(offset, appendedAtMs);
    if (place < 0) return undefined;
    const frames: OutgoingFrame[] = [];
    for (let slot = place + 1; slot <= this.#finished && slot < this.#length; slot += 1) {
      const frame = this.#frames[slot];
      if (frame !== undefined && this.#recipients[slot]?.includes(userId)) frames.push(frame);
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
    let [from, to] = [this.#head, this.#length];
    while (from < to) {
      const middle = (from + to) >>> 1;
      if ((this.#offsets[middle] ?? 0) < offset) from = middle + 1;
      else to = middle;
    }
    return this.#offsets[from] === offset && this.#appendedAtMs[from] === appendedAtMs ? from : -1;
  }

  get #length(): number {
    return this.#offsets.length;
  }

  #bytesOf(slot: number): number {
    const frame = this.#frames[slot];
    return recordBytes + (frame === undefined ? 0 : frame.bytes.length + recipientBytes * (this.#recipients[slot]?.length ?? 0));
  }

  #dropOldest(): void {
    this.#bytes -= this.#bytesOf(this.#head);
    this.#recipients[this.#head] = nobody;
    this.#frames[this.#head] = undefined;
    this.#head += 1;
  }

  #compact(): void {
    for (const slots of this.#columns) slots.splice(0, this.#head);
    this.#finished -= this.#head;
    this.#head = 0;
  }

  #clear(): void {
    this.#truncate(0);
    this.#head = 0;
    this.#finished = 0;
    this.#bytes = 0;
  }

  #truncate(length: number): void {
    for (const slots of this.#columns) slots.length = length;
  }

  get #columns(): readonly unknown[][] {
    return [this.#offsets, this.#appendedAtMs, this.#recipients, this.#frames];
  }
}
