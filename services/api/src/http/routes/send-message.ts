import { sendMessage } from '../../messages/send-message.ts';
import { type Operation, userOperation } from '../operation.ts';
import { paths } from '../paths.ts';
import { answers, bodiesWithUrls } from '../schemas.ts';
import type { RouteParts } from './route-parts.ts';

/** The first station of a message: the caller is known and the body is parsed; take from their rate, store, answer. */
export function sendMessageRoute(parts: RouteParts): Operation {
  return userOperation({
    id: 'sendMessage',
    method: 'post',
    path: paths.messages,
    tag: 'messages',
    summary: 'Send a message',
    description:
      'After an answer of 503, or none, try again with the same `client_message_id`: the message is stored once. ' +
      'Type `text`: a text, or 1 to 10 attachments of type `image`, `video` or `file`, or both. ' +
      'Any other type: exactly one attachment of that type, and no text.',
    body: bodiesWithUrls(parts.urlRules).sendMessage,
    answers: {
      200: { description: 'Stored before: the message as it is now.', content: answers.message, headers: ['RateLimit'] },
      201: { description: 'The new message.', content: answers.message, headers: ['RateLimit'] },
    },
    problems: ['idempotency_conflict', 'rate_limited'],
    serve: async ({ caller, path, body, traceparent }) => {
      const headers = await parts.sendRate.consume(caller.userId);
      const command = { chatId: path.chatId(), userId: caller.userId, message: body, traceparent };
      const { isNew, message } = await sendMessage(parts, command);
      return { status: isNew ? 201 : 200, body: message, headers };
    },
  });
}
