import { z } from 'zod';
import { countSchema, timeSchema, userIdSchema, uuidSchema } from '../ids.ts';
import { roleSchema } from './member.ts';
import { messageSchema } from './message.ts';

/** A chat as every member sees it. */
export const chatSchema = z.object({
  id: uuidSchema,
  kind: z.enum(['group', 'direct']),
  title: z.string().nullable(),
  avatar_url: z.string().nullable(),
  created_by: userIdSchema,
  created_at: timeSchema,
  deleted_at: timeSchema.nullable(),
  seq: countSchema,
  message_no: countSchema,
  member_count: countSchema,
});

/** A chat and the caller's own view of it. */
export const overviewEntrySchema = chatSchema.extend({
  last_message: messageSchema.nullable(),
  my_role: roleSchema,
  my_joined_seq: countSchema,
  read_message_no: countSchema,
  unread_count: countSchema.describe('`message_no - read_message_no`, deleted ones counted.'),
});

export type Chat = z.infer<typeof chatSchema>;
export type OverviewEntry = z.infer<typeof overviewEntrySchema>;
