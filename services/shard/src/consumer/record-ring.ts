import type { ReceivedRecord, RecordBatch } from '@carillon/event-log';
import { type FrameKind, OutgoingFrame } from '../connection/outgoing-frame.ts';
import type { BatchMemory } from './batch-memory.ts';

/** Where a record stands in the log. */
type RecordPlace = { readonly offset: number; readonly appendedAtMs: number };

/** What a record takes beside its value: headers, columns, and its recipients as short strings. An estimate from above. */
const recordBytes = 256;
const recipientBytes = 64;
const nobody: readonly string[] = [];

/** The ring's own copy of a batch, and how many places lie in it. `memory` is undefined for a record that lies by itself. */
type KeptBatch = { readonly batch: Pick<RecordBatch, 'read'>; readonly memory: Buffer | undefined; places: number };

/** Whom a record is for: all of them, or a tag of the only one, as nearly always. */
type Addressees = readonly string[] | number;

/**
 * The last records of one partition, in the log's order and without a hole: oldest first, those before `#head` are gone, those before
 * `#finished` were handed to every local connection. Bound: `maxBytes`, but for the newest record. What stays of a record is its place in a
 * copy of its batch, whose memory is used again once all its places are gone: objects and buffers that stay are dear to the collector.
 */
export class RecordRing {
  readonly #offsets: number[] = [];
  readonly #appendedAtMs: number[] = [];
  readonly #addressees: Addressees[] = [];
  /** A signal is a place without a batch: it may be lost, but a client may stand at it. */
  readonly #batches: (KeptBatch | undefined)[] = [];
  readonly #places: number[] = [];
  readonly #sizes: number[] = [];
  readonly #memory: BatchMemory;
  /** The batch of the newest record, as it came and as it is kept: what follows mostly lies in it too. */
  #newest: { readonly from: RecordBatch; readonly kept: KeptBatch } | undefined;
  #head = 0;
  #finished = 0;
  #bytes = 0;

  constructor(memory: BatchMemory) {
    this.#memory = memory;
  }

  /** In offset order. A record that is read again after a new assignment is here already; any other step back begins anew. */
  push(record: ReceivedRecord, kind: FrameKind): void {
    const { offset } = record;
    if (this.#length > 0 && offset <= (this.#offsets[this.#length - 1] ?? 0)) {
      if (this.#isReadAgain(record)) return;
      this.#clear();
    }
    this.#offsets.push(offset);
    this.#appendedAtMs.push(record.appendedAtMs);
    if (kind === 'signal') this.#keep(nobody, undefined, 0, recordBytes);
    else this.#keep(addresseesOf(record), this.#keptBatchOf(record), record.at ?? 0, sizeOf(record));
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
    for (let slot = this.#finished; slot < this.#length; slot += 1) {
      this.#bytes -= this.#sizes[slot] ?? 0;
      this.#release(slot);
    }
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
    const tag = tagOf(userId);
    for (let slot = place + 1; slot <= this.#finished && slot < this.#length; slot += 1) {
      if (mayConcern(this.#addressees[slot] ?? nobody, userId, tag)) this.#addFrame(frames, slot, userId);
    }
    return frames;
  }

  /** A batch is copied when its first record comes. */
  #keptBatchOf(record: ReceivedRecord): KeptBatch {
    const { batch } = record;
    if (batch === undefined) return { batch: alone(record), memory: undefined, places: 0 };
    if (this.#newest?.from === batch) return this.#newest.kept;
    const memory = this.#memory.take(batch.byteLength);
    const kept = { batch: batch.copyTo(memory), memory, places: 0 };
    this.#newest = { from: batch, kept };
    return kept;
  }

  #keep(addressees: Addressees, batch: KeptBatch | undefined, place: number, size: number): void {
    if (batch !== undefined) batch.places += 1;
    this.#addressees.push(addressees);
    this.#batches.push(batch);
    this.#places.push(place);
    this.#sizes.push(size);
    this.#bytes += size;
  }

  /** Two users may have one tag: the record itself says whom it is for. Its bytes are copied, since the ring may use its memory again before they leave. */
  #addFrame(frames: OutgoingFrame[], slot: number, userId: string): void {
    const record = this.#batches[slot]?.batch.read(this.#places[slot] ?? 0);
    if (!record?.recipients.includes(userId)) return;
    const frame = OutgoingFrame.ofRecord(record);
    frame.keep();
    frames.push(frame);
  }

  /** The place is gone; with the last one of a batch its memory is free. */
  #release(slot: number): void {
    const kept = this.#batches[slot];
    this.#batches[slot] = undefined;
    if (kept === undefined) return;
    kept.places -= 1;
    if (kept.places > 0) return;
    if (this.#newest?.kept === kept) this.#newest = undefined;
    if (kept.memory !== undefined) this.#memory.give(kept.memory);
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

  #dropOldest(): void {
    this.#bytes -= this.#sizes[this.#head] ?? 0;
    this.#addressees[this.#head] = nobody;
    this.#release(this.#head);
    this.#head += 1;
  }

  #compact(): void {
    for (const slots of this.#columns) slots.splice(0, this.#head);
    this.#finished -= this.#head;
    this.#head = 0;
  }

  #clear(): void {
    for (let slot = this.#head; slot < this.#length; slot += 1) this.#release(slot);
    this.#truncate(0);
    this.#head = 0;
    this.#finished = 0;
    this.#bytes = 0;
  }

  #truncate(length: number): void {
    for (const slots of this.#columns) slots.length = length;
  }

  get #columns(): readonly unknown[][] {
    return [this.#offsets, this.#appendedAtMs, this.#addressees, this.#batches, this.#places, this.#sizes];
  }
}

function addresseesOf({ recipients }: ReceivedRecord): Addressees {
  const [first] = recipients;
  return first !== undefined && recipients.length === 1 ? tagOf(first) : recipients;
}

function mayConcern(addressees: Addressees, userId: string, tag: number): boolean {
  return typeof addressees === 'number' ? addressees === tag : addressees.includes(userId);
}

/** Tells most users apart, of 10,000 in a row all of them, without a look at the record. */
function tagOf(userId: string): number {
  let tag = userId.length;
  for (let at = Math.max(userId.length - 6, 0); at < userId.length; at += 1) tag = (Math.imul(tag, 31) + userId.charCodeAt(at)) | 0;
  return tag;
}

function sizeOf({ value, recipients }: ReceivedRecord): number {
  return recordBytes + value.length + recipientBytes * recipients.length;
}

/** A record that lies in no batch is kept itself. */
function alone(record: ReceivedRecord): KeptBatch['batch'] {
  return { read: () => record };
}
