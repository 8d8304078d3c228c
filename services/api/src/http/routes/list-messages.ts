import { messagesQuerySchema } from '@carillon/protocol';
import { messagePage } from '../../messages/read-messages.ts';
import { type Operation, userOperation } from '../operation.ts';
import { paths } from '../paths.ts';
import { answers } from '../schemas.ts';
import type { RouteParts } from './route-parts.ts';

export function listMessagesRoute({ database }: RouteParts): Operation {
  return userOperation({
    id: 'listMessages',
    method: 'get',
    path: paths.messages,
    tag: 'messages',
    summary: 'A page of messages',
    description: 'At most one of `before_seq`, `after_seq` and `around_seq`; without one, the newest.',
    query: messagesQuerySchema,
    answers: { 200: { description: 'Messages, ascending, and the watermark.', content: answers.messagePage } },
    problems: [],
    serve: async ({ caller, path, query }) => ({
      status: 200,
      body: await messagePage(database, { chatId: path.chatId(), userId: caller.userId }, query),
    }),
  });
}
