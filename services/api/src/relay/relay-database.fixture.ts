import { createHash, randomUUID } from 'node:crypto';
import { silentLogger } from '@carillon/runtime';
import { appendMessage, bucketOf, createGroup, Database, migrate, readEvents } from '@carillon/store';
import { createTestDatabase } from '@carillon/testkit';
import { v7 as uuidv7 } from 'uuid';

const hash = (text: string) => createHash('sha256').update(text).digest();

/** A database of its own, with the few writes and looks that the relay's tests need. */
export class RelayDatabase implements AsyncDisposable {
  readonly url: string;
  readonly database: Database;
  readonly #drop: () => Promise<void>;

  private constructor(url: string, drop: () => Promise<void>) {
    this.url = url;
    this.#drop = drop;
    this.database = new Database({ url, maxConnections: 8, applicationName: 'relay-test', logger: silentLogger });
  }

  static async create(adminUrl: string): Promise<RelayDatabase> {
    const test = await createTestDatabase(adminUrl, (url) => migrate({ url, logger: silentLogger }));
    return new RelayDatabase(test.url, async () => test[Symbol.asyncDispose]());
  }

  /** A group of `ada` and these; its `chat.created` is seq 1. With `bucket`, one that lies in it. */
  async group(memberIds: string[], bucket?: number): Promise<string> {
    let chatId = uuidv7();
    while (bucket !== undefined && bucketOf(chatId) !== bucket) chatId = uuidv7();
    await createGroup(this.database, {
      chatId,
      userId: 'ada',
      clientChatId: null,
      contentHash: hash(chatId),
      title: 'group',
      avatarUrl: null,
      memberIds,
      maxMembers: 10_000,
    });
    return chatId;
  }

  /** Returns the message's seq. */
  async post(chatId: string, text: string): Promise<number> {
    const outcome = await appendMessage(this.database, {
      id: uuidv7(),
      chatId,
      userId: 'ada',
      clientMessageId: randomUUID(),
      contentHash: hash(text),
      type: 'text',
      text,
      attachments: [],
    });
    if (outcome.kind !== 'created') throw new Error(outcome.kind);
    return outcome.message.seq;
  }

  async events(chatId: string) {
    const outcome = await readEvents(this.database, { chatId, userId: 'ada', afterSeq: 0, limit: 100 });
    if (outcome.kind !== 'ok') throw new Error(outcome.kind);
    return outcome.events;
  }

  async outboxRows(): Promise<number> {
    const [row] = await this.database.query<{ rows: number }>(
      { name: 'count-outbox', text: 'SELECT count(*)::int AS rows FROM outbox' },
      [],
    );
    return row?.rows ?? 0;
  }

  /** Makes the chat's first events as old as that. */
  async age(chatId: string, { days, upToSeq }: { days: number; upToSeq: number }): Promise<void> {
    const text = "UPDATE events SET at = at - $3 * interval '1 day' WHERE chat_id = $1 AND seq <= $2";
    await this.database.query({ name: 'age-events', text }, [chatId, upToSeq, days]);
  }

  /** Takes the chat's first rows out of the outbox. */
  async markSent(chatId: string, upToSeq: number): Promise<void> {
    await this.database.query({ name: 'mark-sent', text: 'DELETE FROM outbox WHERE chat_id = $1 AND seq <= $2' }, [chatId, upToSeq]);
  }

  async eventSeqs(chatId: string): Promise<number[]> {
    const text = 'SELECT seq FROM events WHERE chat_id = $1 ORDER BY seq';
    const rows = await this.database.query<{ seq: number }>({ name: 'event-seqs', text }, [chatId]);
    return rows.map(({ seq }) => seq);
  }

  /** Ends every session that holds a bucket, as a crash of the server's process would. */
  async endRelaySessions(): Promise<void> {
    const text = `SELECT pg_terminate_backend(pid) FROM pg_locks
      WHERE locktype = 'advisory' AND classid = 7001 AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`;
    await this.database.query({ name: 'end-relay-sessions', text }, []);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.database[Symbol.asyncDispose]();
    await this.#drop();
  }
}
