import { z } from 'zod';
import { clientIdSchema, countSchema, timeSchema, userIdSchema, uuidSchema } from '../ids.ts';
import { attachmentSchema } from './attachment.ts';

export const messageTypes = ['text', 'voice', 'circle_video', 'sticker'] as const;

/** A message; a tombstone once `deleted_at` is set: `text` null, `attachments` empty, `type` kept [M10]. */
export const messageSchema = z.object({
  id: uuidSchema,
  chat_id: uuidSchema,
  seq: countSchema.describe('The seq of its creation; it never changes.'),
  message_no: countSchema,
  sender_id: userIdSchema,
  client_message_id: clientIdSchema,
  type: z.enum(messageTypes),
  text: z.string().nullable(),
  attachments: z.array(attachmentSchema),
  date: timeSchema,
  edited_at: timeSchema.nullable(),
  deleted_at: timeSchema.nullable(),
});

export type MessageType = (typeof messageTypes)[number];
export type Message = z.infer<typeof messageSchema>;
