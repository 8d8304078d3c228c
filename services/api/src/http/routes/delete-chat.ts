import { removeChat } from '../../chats/delete-chat.ts';
import { type Operation, userOperation } from '../operation.ts';
import { paths } from '../paths.ts';
import type { RouteParts } from './route-parts.ts';

export function deleteChatRoute({ writes }: RouteParts): Operation {
  return userOperation({
    id: 'deleteChat',
    method: 'delete',
    path: paths.chat,
    tag: 'chats',
    summary: 'Delete a chat for everyone',
    answers: { 204: { description: 'Deleted.' } },
    problems: ['forbidden'],
    serve: async ({ caller, path, traceparent }) => {
      await removeChat(writes, { chatId: path.chatId(), userId: caller.userId, traceparent });
      return { status: 204 };
    },
  });
}
