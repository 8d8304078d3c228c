/** Reads Kafka's variable-length numbers, one after the other. Bytes beyond the end read as 0: whoever walks checks where it came to. */
export class RecordCursor {
  readonly bytes: Buffer;
  at: number;

  constructor(bytes: Buffer, at: number) {
    this.bytes = bytes;
    this.at = at;
  }

  /** More was read than there is. */
  isBeyond(): boolean {
    return this.at > this.bytes.length;
  }

  /** A zigzag number of up to 64 bits; exact up to 53. One byte is the usual case. */
  varint(): number {
    const first = this.bytes[this.at] ?? 0;
    this.at += 1;
    const raw = first < 0x80 ? first : this.#longer(first & 0x7f);
    return raw % 2 === 0 ? raw / 2 : -(raw + 1) / 2;
  }

  /** Steps over bytes with their length before them; where they begin. A length of -1 stands for none. */
  skipBytes(): number {
    const length = this.varint();
    const from = this.at;
    if (length > 0) this.at += length;
    return length < 0 ? -1 : from;
  }

  #longer(low: number): number {
    let raw = low;
    for (let factor = 128; factor <= 2 ** 63; factor *= 128) {
      const byte = this.bytes[this.at] ?? 0;
      this.at += 1;
      raw += (byte & 0x7f) * factor;
      if (byte < 0x80) break;
    }
    return raw;
  }
}
