import { changeChat } from '../../chats/update-chat.ts';
import { type Operation, userOperation } from '../operation.ts';
import { paths } from '../paths.ts';
import { answers, bodiesWithUrls } from '../schemas.ts';
import type { RouteParts } from './route-parts.ts';

export function updateChatRoute({ writes, urlRules }: RouteParts): Operation {
  return userOperation({
    id: 'updateChat',
    method: 'patch',
    path: paths.chat,
    tag: 'chats',
    summary: "Change a group's title or picture",
    body: bodiesWithUrls(urlRules).updateChat,
    answers: { 200: { description: 'The chat as it is now.', content: answers.chat } },
    problems: ['forbidden'],
    serve: async ({ caller, path, body, traceparent }) => ({
      status: 200,
      body: await changeChat(writes, { chatId: path.chatId(), userId: caller.userId, change: body, traceparent }),
    }),
  });
}
