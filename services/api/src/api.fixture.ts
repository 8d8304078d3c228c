import { DevTokens } from '@carillon/auth';
import { type EventLogWriter, InProcessEventLog } from '@carillon/event-log';
import { InProcessPresence } from '@carillon/presence';
import { type Chat, type Message, type Problem, problemSchema } from '@carillon/protocol';
import { Metrics, parseConfig, silentLogger, systemClock } from '@carillon/runtime';
import { Database, migrate } from '@carillon/store';
import { createTestDatabase, type TestDatabase } from '@carillon/testkit';
import { inject } from 'vitest';
import type { z } from 'zod';
import { type Api, createApi } from './api.ts';
import { apiConfigSchema } from './config.ts';

export const secret = 'a secret of the tests, 32 bytes or more';

type Reply = { readonly status: number; readonly headers: Headers; readonly body: unknown };

const tables = ['chats', 'members', 'messages', 'events', 'outbox'] as const;

/** A whole API on a database of its own, with event log and presence in memory. Requests go to the app; `start` opens the port. */
export class ApiFixture implements AsyncDisposable {
  readonly api: Api;
  readonly database: Database;
  readonly presence: InProcessPresence;
  readonly metrics: Metrics;
  readonly writer: EventLogWriter;
  readonly #test: TestDatabase;
  readonly #tokens = new DevTokens({ secret }, systemClock);

  private constructor(test: TestDatabase, env: Record<string, string>, production: boolean) {
    const variables = { DATABASE_URL: test.url, AUTH_JWT_SECRET: secret, TICKET_SECRET: secret, API_PORT: '0', HOST: '127.0.0.1', ...env };
    this.#test = test;
    this.metrics = new Metrics();
    this.presence = new InProcessPresence();
    this.writer = new InProcessEventLog({ partitionCount: 8 }).createWriter();
    const { presence, metrics, writer } = this;
    this.api = createApi(parseConfig(apiConfigSchema(production), variables), { writer, presence, logger: silentLogger, metrics });
    this.database = new Database({ url: test.url, maxConnections: 2, applicationName: 'api-test', logger: silentLogger });
  }

  static async create(env: Record<string, string> = { DEV_TOKENS: 'true' }, production = false): Promise<ApiFixture> {
    const test = await createTestDatabase(inject('postgresUrl'), (url) => migrate({ url, logger: silentLogger }));
    return new ApiFixture(test, env, production);
  }

  async token(userId: string): Promise<string> {
    return (await this.#tokens.issue(userId, 3600)).token;
  }

  /** A request by this user, null for none; a body that is no text is sent as JSON. */
  async call(userId: string | null, method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<Reply> {
    const all = new Headers(headers);
    if (userId !== null) all.set('authorization', `Bearer ${await this.token(userId)}`);
    if (body !== undefined && !all.has('content-type')) all.set('content-type', 'application/json');
    const content = body === undefined ? null : typeof body === 'string' ? body : JSON.stringify(body);
    const response = await this.api.app.request(path, { method, headers: all, body: content });
    const text = await response.text();
    return { status: response.status, headers: response.headers, body: text === '' ? undefined : JSON.parse(text) };
  }

  /** The answer's body, which must have this status and this form. */
  async ok<T>(schema: z.ZodType<T>, status: number, ...request: Parameters<ApiFixture['call']>): Promise<T> {
    const reply = await this.call(...request);
    if (reply.status !== status) throw new Error(`${request[1]} ${request[2]}: ${reply.status} ${JSON.stringify(reply.body)}`);
    return schema.parse(reply.body);
  }

  /** The problem that the answer is. */
  async problem(...request: Parameters<ApiFixture['call']>): Promise<Problem> {
    const { body, headers } = await this.call(...request);
    if (headers.get('content-type') !== 'application/problem+json') throw new Error(`not a problem: ${JSON.stringify(body)}`);
    return problemSchema.parse(body);
  }

  async group(ownerId: string, memberIds: readonly string[] = []): Promise<Chat> {
    const { body } = await this.call(ownerId, 'POST', '/v1/chats', { kind: 'group', title: 'Ringers', member_ids: memberIds });
    return body as Chat;
  }

  async send(userId: string, chatId: string, text: string, clientMessageId: string = crypto.randomUUID()): Promise<Message> {
    const content = { client_message_id: clientMessageId, type: 'text', text };
    const { body } = await this.call(userId, 'POST', `/v1/chats/${chatId}/messages`, content);
    return body as Message;
  }

  /** Rows of every table, to see that nothing was stored. */
  async rowCounts(): Promise<Record<string, number>> {
    const counts: Record<string, number> = {};
    for (const table of tables) {
      const [row] = await this.database.query<{ rows: number }>(
        { name: `count-${table}`, text: `SELECT count(*)::int AS rows FROM ${table}` },
        [],
      );
      counts[table] = row?.rows ?? 0;
    }
    return counts;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.api.stop();
    await this.database[Symbol.asyncDispose]();
    await this.#test[Symbol.asyncDispose]();
  }
}
