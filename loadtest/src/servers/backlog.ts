import type { LogRecord } from '@carillon/event-log';
import { partitionOf } from '@carillon/protocol';
import type { BenchReader, FetchedBatch } from './bench-reader.ts';
import { messageBytes, writeMessage } from './message.ts';
import { encodeBatch } from './record-batch.ts';
import { userName } from './user-name.ts';

/** A chat for each user, so that a withheld event becomes a watermark of that user's alone. */
const chatOf = (user: number) => `01890000-0000-7000-8000-${String(user).padStart(12, '0')}`;

/** Recipients of a record batch are those of one partition; a round is one batch for each partition. */
export class Backlog {
  readonly #reader: BenchReader;
  readonly #next: number[];
  readonly #seqs = new Map<number, number>();
  /** User numbers by partition, ascending. */
  readonly members: readonly (readonly number[])[];

  constructor(users: number, reader: BenchReader, partitionCount: number) {
    this.#reader = reader;
    const members: number[][] = Array.from({ length: partitionCount }, () => []);
    for (let user = 0; user < users; user += 1) members[partitionOf(userName(user), partitionCount)]?.push(user);
    this.members = members;
    this.#next = members.map((_, partition) => this.#reader.next(partition));
  }

  /** `burst` messages in a row for each of these users of a partition, due at one time (0: not timed). */
  batch(partition: number, users: readonly number[], burst: number, dueNs: bigint): Promise<FetchedBatch> {
    const records = users.flatMap((user) => Array.from({ length: burst }, () => this.#record(partition, user, dueNs)));
    return this.#encode(partition, records);
  }

  async #encode(partition: number, records: LogRecord[]): Promise<FetchedBatch> {
    const offset = this.#next[partition] ?? 0;
    this.#next[partition] = offset + records.length;
    return { partition, bytes: await encodeBatch(records, offset) };
  }

  #record(partition: number, user: number, dueNs: bigint): LogRecord {
    const seq = (this.#seqs.get(user) ?? 0) + 1;
    this.#seqs.set(user, seq);
    const value = Buffer.alloc(messageBytes);
    writeMessage(value, 0, user, seq, dueNs);
    return { partition, recipients: [userName(user)], chatId: chatOf(user), seq, event: 'message.created', value };
  }
}
