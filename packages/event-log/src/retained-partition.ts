import type { LogRecord } from './event-log.ts';

/** A record in memory with what the log adds to it. */
export type RetainedRecord = { readonly record: LogRecord; readonly offset: number; readonly appendedAtMs: number };

/** How much one partition holds. */
export type Retention = { readonly maxRecords: number; readonly maxBytes: number };

/** Finished records are freed in runs of this many: shifting an array costs its length. */
const freeAt = 1_024;

/**
 * One partition of the in-process log. It keeps what the group has not committed; beyond `retention` the oldest records go,
 * committed or not, as Kafka's own retention would do.
 */
export class RetainedPartition {
  readonly #retention: Retention;
  #records: RetainedRecord[] = [];
  /** Records at the front of the list that are gone. */
  #gone = 0;
  #bytes = 0;
  #end = 0;
  #committed = 0;

  constructor(retention: Retention) {
    this.#retention = retention;
  }

  /** The offset of the oldest record still here. */
  get start(): number {
    return this.#end - this.#length;
  }

  /** The offset of the next record to come. */
  get end(): number {
    return this.#end;
  }

  /** Where the next owner starts. */
  get committed(): number {
    return this.#committed;
  }

  append(record: LogRecord, appendedAtMs: number): void {
    this.#records.push({ record, offset: this.#end, appendedAtMs });
    this.#end += 1;
    this.#bytes += record.value.length;
    while (this.#length > this.#retention.maxRecords || (this.#bytes > this.#retention.maxBytes && this.#length > 1)) this.#dropOldest();
    this.#committed = Math.max(this.#committed, this.start);
    this.#free();
  }

  /** Records from `offset` on, at most `limit`. */
  read(offset: number, limit: number): readonly RetainedRecord[] {
    const from = this.#gone + Math.max(offset - this.start, 0);
    return this.#records.slice(from, from + limit);
  }

  /** All records below `offset` are finished: they are never read again. */
  commit(offset: number): void {
    this.#committed = Math.max(this.#committed, offset);
    while (this.start < this.#committed && this.#length > 0) this.#dropOldest();
    this.#free();
  }

  get #length(): number {
    return this.#records.length - this.#gone;
  }

  #dropOldest(): void {
    this.#bytes -= this.#records[this.#gone]?.record.value.length ?? 0;
    this.#gone += 1;
  }

  #free(): void {
    if (this.#gone < freeAt && this.#length > 0) return;
    this.#records = this.#records.slice(this.#gone);
    this.#gone = 0;
  }
}
