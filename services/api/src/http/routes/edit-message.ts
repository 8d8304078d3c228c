import { changeMessage } from '../../messages/edit-message.ts';
import { type Operation, userOperation } from '../operation.ts';
import { paths } from '../paths.ts';
import { answers, bodiesWithUrls } from '../schemas.ts';
import type { RouteParts } from './route-parts.ts';

export function editMessageRoute({ writes, urlRules }: RouteParts): Operation {
  return userOperation({
    id: 'editMessage',
    method: 'patch',
    path: paths.message,
    tag: 'messages',
    summary: "Change one's own message",
    description: 'The result keeps the rules of a new message. Without a change nobody is told.',
    body: bodiesWithUrls(urlRules).editMessage,
    answers: { 200: { description: 'The message as it is now.', content: answers.message } },
    problems: ['forbidden', 'message_deleted'],
    serve: async ({ caller, path, body, traceparent }) => {
      const command = { chatId: path.chatId(), userId: caller.userId, messageId: path.messageId(), change: body, traceparent };
      return { status: 200, body: await changeMessage(writes, command) };
    },
  });
}
