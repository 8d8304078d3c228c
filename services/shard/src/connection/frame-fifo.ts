import { assert } from '@carillon/runtime';
import type { OutgoingFrame } from './outgoing-frame.ts';

/** Frames in the order they came, and the sum of their bytes. An array with a head: shifting 1,000 frames one by one costs no copy. */
export class FrameFifo {
  #frames: OutgoingFrame[] = [];
  #head = 0;
  #bytes = 0;
  /** Frames before this index have been kept. */
  #kept = 0;

  get length(): number {
    return this.#frames.length - this.#head;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Bytes of the oldest frame; 0 when there is none. */
  get nextBytes(): number {
    return this.#frames[this.#head]?.bytes.length ?? 0;
  }

  push(frame: OutgoingFrame): void {
    this.#frames.push(frame);
    this.#bytes += frame.bytes.length;
  }

  /** The oldest frame; only called when there is one. */
  shift(): OutgoingFrame {
    const frame = this.#frames[this.#head];
    assert(frame !== undefined, 'a frame is taken only where one waits');
    this.#head += 1;
    this.#bytes -= frame.bytes.length;
    if (this.#head === this.#frames.length) this.#replace([]);
    else if (this.#head >= 256 && this.#head * 2 >= this.#frames.length) this.#replace(this.#frames.slice(this.#head));
    return frame;
  }

  /** Makes every frame that waits independent of the batch it came with. */
  keep(): void {
    for (let index = Math.max(this.#kept, this.#head); index < this.#frames.length; index += 1) this.#frames[index]?.keep();
    this.#kept = this.#frames.length;
  }

  /** Takes out events and signals; what the shard itself has to say stays, in its order. */
  takeDroppable(): OutgoingFrame[] {
    const waiting = this.#frames.slice(this.#head);
    const stays = (frame: OutgoingFrame) => frame.seq === 0 && frame.kind !== 'signal';
    this.#replace(waiting.filter(stays));
    const taken = waiting.filter((frame) => !stays(frame));
    for (const frame of taken) this.#bytes -= frame.bytes.length;
    return taken;
  }

  #replace(frames: OutgoingFrame[]): void {
    this.#kept = Math.max(0, this.#kept - (this.#frames.length - frames.length));
    this.#frames = frames;
    this.#head = 0;
  }
}
