import { moveReadPosition } from '../../sync/mark-read.ts';
import { type Operation, userOperation } from '../operation.ts';
import { paths } from '../paths.ts';
import { answers, bodies } from '../schemas.ts';
import type { RouteParts } from './route-parts.ts';

export function markReadRoute(parts: RouteParts): Operation {
  return userOperation({
    id: 'markRead',
    method: 'put',
    path: paths.read,
    tag: 'sync',
    summary: 'Move the read position',
    description: "Never back, and never beyond the chat's `message_no`.",
    body: bodies.markRead,
    answers: { 200: { description: 'The read position as it is now.', content: answers.readPosition } },
    problems: [],
    serve: async ({ caller, path, body }) => ({
      status: 200,
      body: await moveReadPosition(parts, { chatId: path.chatId(), userId: caller.userId, messageNo: body.message_no }),
    }),
  });
}
