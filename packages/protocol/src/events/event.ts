import { z } from 'zod';
import { chatSchema } from '../entities/chat.ts';
import { memberSchema } from '../entities/member.ts';
import { messageSchema } from '../entities/message.ts';
import { countSchema, timeSchema, userIdSchema, uuidSchema } from '../ids.ts';

/** What every event has around its `event` and `data`. */
const envelope = {
  type: z.literal('event'),
  chat_id: uuidSchema,
  seq: countSchema.describe('Dense per chat, from 1, over all events [M1].'),
  actor_id: userIdSchema,
  at: timeSchema,
};

const withMessage = z.object({ message: messageSchema });
const withChat = z.object({ chat: chatSchema });
const withMembers = z.object({ chat: chatSchema, members: z.array(memberSchema).max(100) });

/** One event: the same object in a frame, in `/events` and in `/sync` [P6]. */
export const eventSchema = z.discriminatedUnion('event', [
  z.object({ ...envelope, event: z.literal('message.created'), data: withMessage }),
  z.object({ ...envelope, event: z.literal('message.updated'), data: withMessage }),
  z.object({ ...envelope, event: z.literal('message.deleted'), data: withMessage }),
  z.object({ ...envelope, event: z.literal('chat.created'), data: withMembers }),
  z.object({ ...envelope, event: z.literal('chat.updated'), data: withChat }),
  z.object({ ...envelope, event: z.literal('chat.deleted'), data: withChat }),
  z.object({ ...envelope, event: z.literal('member.added'), data: withMembers }),
  z.object({ ...envelope, event: z.literal('member.updated'), data: z.object({ member: memberSchema }) }),
  z.object({
    ...envelope,
    event: z.literal('member.removed'),
    data: z.object({ user_id: userIdSchema, reason: z.enum(['removed', 'left']), chat: chatSchema }),
  }),
]);

export type Event = z.infer<typeof eventSchema>;
export type EventName = Event['event'];

/** Every kind of event, in the order of the contract. */
export const eventNames: readonly EventName[] = eventSchema.options.map((option) => option.shape.event.value);
