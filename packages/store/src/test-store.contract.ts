import { createHash, randomUUID } from 'node:crypto';
import type { Chat, Event, Message } from '@carillon/protocol';
import { silentLogger } from '@carillon/runtime';
import { createTestDatabase, type TestDatabase } from '@carillon/testkit';
import pg from 'pg';
import { afterAll, beforeAll, inject } from 'vitest';
import { Database } from './database.ts';
import { migrate } from './migrate.ts';
import { type AppendMessageOutcome, appendMessage } from './queries/append-message.ts';
import { createGroup } from './queries/create-group.ts';

export const contentHash = (content: string): Buffer => createHash('sha256').update(content).digest();

/** A migrated database of its own, and short forms of what every store test does. */
export class TestStore {
  readonly db: Database;
  readonly url: string;
  readonly #database: TestDatabase;

  constructor(database: TestDatabase) {
    this.#database = database;
    this.url = database.url;
    this.db = new Database({ url: database.url, maxConnections: 30, applicationName: 'store-test', logger: silentLogger });
  }

  /** A session of its own, for transactions that a test keeps open. */
  async session(): Promise<pg.Client & AsyncDisposable> {
    const client = new pg.Client({ connectionString: this.url });
    await client.connect();
    return Object.assign(client, { [Symbol.asyncDispose]: () => client.end() });
  }

  async rows<Row extends pg.QueryResultRow>(text: string, values: unknown[] = []): Promise<Row[]> {
    await using session = await this.session();
    return (await session.query<Row>(text, values)).rows;
  }

  async group(ownerId: string, memberIds: readonly string[] = [], maxMembers = 20_000, chatId: string = randomUUID()): Promise<Chat> {
    const input = {
      chatId,
      userId: ownerId,
      clientChatId: null,
      contentHash: contentHash(''),
      title: 'A group',
      avatarUrl: null,
    };
    const outcome = await createGroup(this.db, { ...input, memberIds, maxMembers });
    if (outcome.kind !== 'created') throw new Error(outcome.kind);
    return outcome.chat;
  }

  /** Groups of `olivia` in one bucket of the outbox, in which nothing else waits; their ids are sorted. */
  async neighbours(count: number): Promise<{ bucket: number; chatIds: string[] }> {
    await this.rows('DELETE FROM outbox');
    const ids = Array.from({ length: count }, () => `${randomUUID().slice(0, -1)}7`).sort();
    for (const chatId of ids) await this.group('olivia', [], undefined, chatId);
    return { bucket: 7, chatIds: ids };
  }

  trySend(chatId: string, userId: string, text = 'hello', clientMessageId: string = randomUUID()): Promise<AppendMessageOutcome> {
    const input = { id: randomUUID(), chatId, userId, clientMessageId, contentHash: contentHash(text), text };
    return appendMessage(this.db, { ...input, type: 'text', attachments: [] });
  }

  async send(chatId: string, userId: string, text?: string): Promise<Message> {
    const outcome = await this.trySend(chatId, userId, text);
    if (outcome.kind !== 'created') throw new Error(outcome.kind);
    return outcome.message;
  }

  /** All events of a chat, as stored. */
  async events(chatId: string): Promise<Event[]> {
    const rows = await this.rows<{ event: Event }>('SELECT wire_event(e) AS event FROM events e WHERE chat_id = $1 ORDER BY seq', [chatId]);
    return rows.map((row) => row.event);
  }

  async outboxSeqs(chatId: string): Promise<number[]> {
    const rows = await this.rows<{ seq: string }>('SELECT seq FROM outbox WHERE chat_id = $1 ORDER BY seq', [chatId]);
    return rows.map((row) => Number(row.seq));
  }

  async dispose(): Promise<void> {
    await this.db[Symbol.asyncDispose]();
    await this.#database[Symbol.asyncDispose]();
  }
}

/** For a test file: one database, dropped at its end. */
export function useTestStore(): () => TestStore {
  let store: TestStore | undefined;
  beforeAll(async () => {
    store = new TestStore(await createTestDatabase(inject('postgresUrl'), (url) => migrate({ url, logger: silentLogger })));
  });
  afterAll(() => store?.dispose());
  return () => {
    if (store === undefined) throw new Error('the store is there while tests run');
    return store;
  };
}
