import { blankMessage } from '../../messages/delete-message.ts';
import { type Operation, userOperation } from '../operation.ts';
import { paths } from '../paths.ts';
import type { RouteParts } from './route-parts.ts';

export function deleteMessageRoute({ writes }: RouteParts): Operation {
  return userOperation({
    id: 'deleteMessage',
    method: 'delete',
    path: paths.message,
    tag: 'messages',
    summary: 'Delete a message for everyone',
    description: 'It stays as a tombstone without text and attachments. The second time changes nothing.',
    answers: { 204: { description: 'Deleted.' } },
    problems: ['forbidden'],
    serve: async ({ caller, path, traceparent }) => {
      await blankMessage(writes, { chatId: path.chatId(), userId: caller.userId, messageId: path.messageId(), traceparent });
      return { status: 204 };
    },
  });
}
