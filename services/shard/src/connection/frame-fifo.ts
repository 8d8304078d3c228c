import { assert } from '@carillon/runtime';
import type { OutgoingFrame } from './outgoing-frame.ts';

/** A queue that once held more gives its memory back when it is empty. */
const keptSlots = 64;

/**
 * Frames in the order they came, and the sum of their bytes. Slots between `#head` and `#tail` of one array that is used again and
 * again: a new array for each frame was a third of what a delivery cost beside its system call.
 */
export class FrameFifo {
  #slots: (OutgoingFrame | undefined)[] = [];
  #head = 0;
  #tail = 0;
  #bytes = 0;
  /** Frames before this slot have been kept. */
  #kept = 0;

  get length(): number {
    return this.#tail - this.#head;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Bytes of the oldest frame; 0 when there is none. */
  get nextBytes(): number {
    return this.#slots[this.#head]?.bytes.length ?? 0;
  }

  push(frame: OutgoingFrame): void {
    this.#slots[this.#tail] = frame;
    this.#tail += 1;
    this.#bytes += frame.bytes.length;
  }

  /** The oldest frame; only called when there is one. */
  shift(): OutgoingFrame {
    const frame = this.#slots[this.#head];
    assert(frame !== undefined, 'a frame is taken only where one waits');
    this.#slots[this.#head] = undefined;
    this.#head += 1;
    this.#bytes -= frame.bytes.length;
    if (this.#head === this.#tail) this.#rewind();
    else if (this.#head >= 256 && this.#head * 2 >= this.#tail) this.#replace(this.#waiting());
    return frame;
  }

  /** Makes every frame that waits independent of the batch it came with. */
  keep(): void {
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

  #waiting(): OutgoingFrame[] {
    return this.#slots.slice(this.#head, this.#tail).filter((frame) => frame !== undefined);
  }

  #rewind(): void {
    if (this.#slots.length > keptSlots) this.#slots = [];
    this.#head = 0;
    this.#tail = 0;
    this.#kept = 0;
  }

  #replace(frames: OutgoingFrame[]): void {
    // Keeping a frame twice is cheap, missing one pins megabytes.
    this.#kept = 0;
    this.#slots = frames;
    this.#head = 0;
    this.#tail = frames.length;
  }
}
