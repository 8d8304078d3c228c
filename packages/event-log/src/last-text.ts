/**
 * Reads text out of bytes, and gives the same string again while the bytes stay the same: events of one kind, of one chat, for one user
 * come in rows, and comparing some bytes costs a third of making a string.
 */
export class LastText<T> {
  readonly #read: (bytes: Buffer, from: number, to: number) => T | undefined;
  #bytes: Buffer = Buffer.alloc(0);
  #from = 0;
  #to = 0;
  #last: T | undefined;

  constructor(read: (bytes: Buffer, from: number, to: number) => T | undefined) {
    this.#read = read;
  }

  read(bytes: Buffer, from: number, to: number): T | undefined {
    if (this.#last !== undefined && this.#isSame(bytes, from, to)) return this.#last;
    this.#last = this.#read(bytes, from, to);
    this.#bytes = bytes;
    this.#from = from;
    this.#to = to;
    return this.#last;
  }

  #isSame(bytes: Buffer, from: number, to: number): boolean {
    const length = to - from;
    if (length !== this.#to - this.#from) return false;
    // From the end: names that differ mostly differ there.
    for (let at = length - 1; at >= 0; at -= 1) if (bytes[from + at] !== this.#bytes[this.#from + at]) return false;
    return true;
  }
}
