import { createChat } from '../../chats/create-chat.ts';
import { type Operation, userOperation } from '../operation.ts';
import { paths } from '../paths.ts';
import { answers, bodiesWithUrls } from '../schemas.ts';
import type { RouteParts } from './route-parts.ts';

export function createChatRoute(parts: RouteParts): Operation {
  return userOperation({
    id: 'createChat',
    method: 'post',
    path: paths.chats,
    tag: 'chats',
    summary: 'Create a group or a direct chat',
    description:
      'Duplicates and the caller in `member_ids` are ignored. With `client_chat_id` a retry finds the chat that the first try made.',
    body: bodiesWithUrls(parts.urlRules).createChat,
    answers: {
      200: { description: 'The chat exists: this request made it before, or the pair has one.', content: answers.chat },
      201: { description: 'The new chat.', content: answers.chat, headers: ['Location'] },
    },
    problems: ['idempotency_conflict', 'chat_full'],
    serve: async ({ caller, body, traceparent }) => {
      const { isNew, chat } = await createChat(parts, { userId: caller.userId, chat: body, traceparent });
      return isNew ? { status: 201, body: chat, headers: { location: `${paths.chats}/${chat.id}` } } : { status: 200, body: chat };
    },
  });
}
