import { AppError } from '@carillon/protocol';
import { createLogger, Metrics, systemClock } from '@carillon/runtime';
import { z } from 'zod';
import { ApiMetrics } from '../metrics.ts';
import { type App, createApp } from './app.ts';
import { type Operation, userOperation } from './operation.ts';

type TestApp = { readonly app: App; readonly metrics: Metrics; readonly lines: string[] };

/** The real app around these operations; the token `good` is alice's. */
export function testApp(operations: readonly Operation[], allowedOrigins: readonly string[] = []): TestApp {
  const metrics = new Metrics();
  const lines: string[] = [];
  const logger = createLogger({ level: 'debug', pretty: false, name: 'test', destination: { write: (line) => void lines.push(line) } });
  const verifier = {
    verify: async (token: string) => {
      if (token !== 'good') throw new AppError(token === 'old' ? 'token_expired' : 'unauthenticated');
      return { userId: 'alice', expiresAtMs: Number.MAX_SAFE_INTEGER };
    },
  };
  return {
    app: createApp({ operations, verifier, allowedOrigins, metrics: new ApiMetrics(metrics), logger, clock: systemClock }),
    metrics,
    lines,
  };
}

const noteSchema = z.strictObject({ text: z.string(), tags: z.array(z.strictObject({ name: z.string() })).optional() });
const querySchema = z.object({ limit: z.string().regex(/^\d+$/, 'must be a number').default('50') });

/** An operation that answers what it was given. */
export const echo: Operation = userOperation({
  id: 'echo',
  method: 'post',
  path: '/v1/notes/{chat_id}',
  tag: 'chats',
  summary: 'Echo',
  query: querySchema,
  body: { name: 'Note', schema: noteSchema },
  answers: { 200: { description: 'The same.', content: { name: 'Echo', schema: z.unknown() } } },
  problems: [],
  serve: async ({ caller, path, query, body, traceparent }) => ({
    status: 200,
    body: { user: caller.userId, chat: path.chatId(), limit: query.limit, body, trace: traceparent ?? null },
  }),
});

export const chatId = '018f3f70-0000-7000-8000-000000000001';
