import { z } from 'zod';
import { attachmentInputSchema } from '../entities/attachment.ts';
import { messageSchema, messageTypes } from '../entities/message.ts';
import { userText } from '../entities/text.ts';
import { clientIdSchema, countSchema } from '../ids.ts';
import { messageFaults } from './message-content.ts';
import { limitSchema, seqQuerySchema } from './paging.ts';

type UrlRules = { allowLoopbackHttp: boolean };

const textSchema = userText(1, 4000).nullable().optional().describe('1 to 4,000 code points; null is the same as absent.');
const parts = ['type', 'text', 'attachments'];

/** The parts can only be judged together when each of them is sound by itself. */
function partsAreSound({ value, issues }: z.core.ParsePayload): boolean {
  const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
  return isObject && issues.every((issue) => !parts.includes(String(issue.path?.[0])));
}

/** `POST /v1/chats/{chat_id}/messages`: which text and attachments go with a type is `messageFaults`. */
export function sendMessageSchema(rules: UrlRules) {
  return z
    .strictObject({
      client_message_id: clientIdSchema,
      type: z.enum(messageTypes),
      text: textSchema,
      attachments: z.array(attachmentInputSchema(rules)).max(10).optional(),
    })
    .superRefine(
      ({ type, text = null, attachments = [] }, context) => {
        for (const fault of messageFaults({ type, text, attachments })) {
          context.addIssue({ code: 'custom', path: pathOf(fault.pointer), message: fault.detail });
        }
      },
      { when: partsAreSound },
    );
}

/** `PATCH /v1/chats/{chat_id}/messages/{message_id}`: at least one field; the result is judged by `messageFaults`. */
export function editMessageSchema(rules: UrlRules) {
  return z
    .strictObject({ text: textSchema, attachments: z.array(attachmentInputSchema(rules)).max(10).optional() })
    .refine((change) => change.text !== undefined || change.attachments !== undefined, 'must have text or attachments');
}

const positions = ['before_seq', 'after_seq', 'around_seq'] as const;

/** `GET /v1/chats/{chat_id}/messages`: at most one position; none is the newest page. */
export const messagesQuerySchema = z
  .object({
    before_seq: seqQuerySchema.optional(),
    after_seq: seqQuerySchema.optional(),
    around_seq: seqQuerySchema.optional(),
    limit: limitSchema,
  })
  .superRefine((query, context) => {
    const given = positions.filter((position) => query[position] !== undefined);
    if (given.length < 2) return;
    for (const position of given)
      context.addIssue({ code: 'custom', path: [position], message: `must be alone: ${given.join(', ')} are given` });
  });

/** `GET /v1/chats/{chat_id}/messages`, ascending. */
export const messagePageSchema = z.object({
  messages: z.array(messageSchema),
  seq: countSchema.describe('The watermark: the answer contains the effect of every event of the chat up to it [H7].'),
  has_more_before: z.boolean(),
  has_more_after: z.boolean(),
});

export type SendMessage = z.output<ReturnType<typeof sendMessageSchema>>;
export type EditMessage = z.output<ReturnType<typeof editMessageSchema>>;
export type MessagesQuery = z.output<typeof messagesQuerySchema>;
export type MessagePage = z.output<typeof messagePageSchema>;

function pathOf(pointer: string): (string | number)[] {
  const segments = pointer.split('/').slice(1);
  return segments.map((segment) => (/^\d+$/.test(segment) ? Number(segment) : segment));
}
