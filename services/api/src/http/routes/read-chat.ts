import { chatView } from '../../chats/read-chat.ts';
import { type Operation, userOperation } from '../operation.ts';
import { paths } from '../paths.ts';
import { answers } from '../schemas.ts';
import type { RouteParts } from './route-parts.ts';

export function readChatRoute({ database }: RouteParts): Operation {
  return userOperation({
    id: 'readChat',
    method: 'get',
    path: paths.chat,
    tag: 'chats',
    summary: 'A chat and your view of it',
    answers: { 200: { description: 'The chat.', content: answers.overviewEntry } },
    problems: [],
    serve: async ({ caller, path }) => ({ status: 200, body: await chatView(database, path.chatId(), caller.userId) }),
  });
}
