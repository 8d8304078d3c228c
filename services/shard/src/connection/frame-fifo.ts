import { assert } from '@carillon/runtime';
import type { OutgoingFrame } from './outgoing-frame.ts';

/** A queue that once held more gives its memory back when it is empty. */
const keptSlots = 64;
/** What all queues share that never held two frames. Nothing is ever put into it. */
const none: (OutgoingFrame | undefined)[] = [];

/**
 * Frames in the order they came, and the sum of their bytes. The oldest one stands by itself, so that a connection that is sent one
 * frame at a time touches no array; the others lie between `#head` and `#tail` of one array that is used again and again: a new
 * array for each frame was a third of what a delivery cost beside its system call. Its owner bounds the bytes [D5].
 */
export class FrameFifo {
  #oldest: OutgoingFrame | undefined;
  #slots: (OutgoingFrame | undefined)[] = none;
  #head = 0;
  #tail = 0;
  #bytes = 0;
  /** Frames before this slot have been kept. */
  #kept = 0;

  get length(): number {
    return this.#oldest === undefined ? 0 : 1 + this.#tail - this.#head;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Bytes of the oldest frame; 0 when there is none. */
  get nextBytes(): number {
    return this.#oldest?.bytes.length ?? 0;
  }

  push(frame: OutgoingFrame): void {
    this.#bytes += frame.bytes.length;
    if (this.#oldest === undefined) {
      this.#oldest = frame;
      return;
    }
    if (this.#slots === none) this.#slots = [];
    this.#slots[this.#tail] = frame;
    this.#tail += 1;
  }

  /** The oldest frame; only called when there is one. */
  shift(): OutgoingFrame {
    const frame = this.#oldest;
    assert(frame !== undefined, 'a frame is taken only where one waits');
    this.#bytes -= frame.bytes.length;
    this.#oldest = this.#head === this.#tail ? undefined : this.#advance();
    return frame;
  }

  /** Makes every frame that waits independent of the batch it came with. */
  keep(): void {
    this.#oldest?.keep();
    for (let slot = Math.max(this.#kept, this.#head); slot < this.#tail; slot += 1) this.#slots[slot]?.keep();
    this.#kept = this.#tail;
  }

  /** Takes out events and signals; what the shard itself has to say stays, in its order. */
  takeDroppable(): OutgoingFrame[] {
    const waiting = this.#waiting();
    const stays = (frame: OutgoingFrame) => frame.seq === 0 && frame.kind !== 'signal';
    this.#replace(waiting.filter(stays));
    const taken = waiting.filter((frame) => !stays(frame));
    for (const frame of taken) this.#bytes -= frame.bytes.length;
    return taken;
  }

  /** The next one out of the array. */
  #advance(): OutgoingFrame | undefined {
    const frame = this.#slots[this.#head];
    this.#slots[this.#head] = undefined;
    this.#head += 1;
    if (this.#head === this.#tail) this.#rewind();
    else if (this.#head >= 256 && this.#head * 2 >= this.#tail) this.#compact();
    return frame;
  }

  #waiting(): OutgoingFrame[] {
    return [this.#oldest, ...this.#slots.slice(this.#head, this.#tail)].filter((frame) => frame !== undefined);
  }

  #rewind(): void {
    if (this.#slots.length > keptSlots) this.#slots = none;
    this.#head = 0;
    this.#tail = 0;
    this.#kept = 0;
  }

  #compact(): void {
    this.#slots = this.#slots.slice(this.#head, this.#tail);
    this.#tail -= this.#head;
    this.#head = 0;
    // Keeping a frame twice is cheap, missing one pins megabytes.
    this.#kept = 0;
  }

  #replace([oldest, ...others]: readonly OutgoingFrame[]): void {
    this.#oldest = oldest;
    this.#slots = others;
    this.#head = 0;
    this.#tail = others.length;
    this.#kept = 0;
  }
}
