/** Free memory beyond this goes back to the process. */
const maxFreeBytes = 8 << 20;
const smallest = 1 << 10;

/**
 * Memory for what the rings keep, used again and again: the collector looks through the whole heap for each few MB of buffers that come
 * and go, 0.1 to 0.3 µs of CPU a message (`npm run bench -- burst`). Bound: what is free, 8 MiB; what is taken, its taker bounds.
 */
export class BatchMemory {
  readonly #free = new Map<number, Buffer[]>();
  #freeBytes = 0;

  /** At least so many bytes, at most a quarter more, from 1 KiB on; with what the last one left in it. */
  take(bytes: number): Buffer {
    const size = roundUp(bytes);
    const memory = this.#free.get(size)?.pop();
    if (memory === undefined) return Buffer.allocUnsafeSlow(size);
    this.#freeBytes -= size;
    return memory;
  }

  /** Nobody looks at it any more. */
  give(memory: Buffer): void {
    if (this.#freeBytes + memory.length > maxFreeBytes) return;
    this.#freeBytes += memory.length;
    const free = this.#free.get(memory.length);
    if (free === undefined) this.#free.set(memory.length, [memory]);
    else free.push(memory);
  }
}

/** Four sizes between one power of two and the next, so that batches of about one size share their memory. */
function roundUp(bytes: number): number {
  if (bytes <= smallest) return smallest;
  const step = 2 ** (Math.floor(Math.log2(bytes)) - 2);
  return Math.ceil(bytes / step) * step;
}
