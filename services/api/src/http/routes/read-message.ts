import { messageView } from '../../messages/read-message.ts';
import { type Operation, userOperation } from '../operation.ts';
import { paths } from '../paths.ts';
import { answers } from '../schemas.ts';
import type { RouteParts } from './route-parts.ts';

export function readMessageRoute({ database }: RouteParts): Operation {
  return userOperation({
    id: 'readMessage',
    method: 'get',
    path: paths.message,
    tag: 'messages',
    summary: 'One message, also a deleted one',
    answers: { 200: { description: 'The message; deleted: a tombstone.', content: answers.message } },
    problems: [],
    serve: async ({ caller, path }) => ({
      status: 200,
      body: await messageView(database, { chatId: path.chatId(), userId: caller.userId, messageId: path.messageId() }),
    }),
  });
}
