import { z } from 'zod';
import { countSchema, timeSchema, userIdSchema } from '../ids.ts';

export const roleSchema = z.enum(['owner', 'admin', 'member']);

/** A user's current membership of a chat. */
export const memberSchema = z.object({
  user_id: userIdSchema,
  role: roleSchema,
  joined_seq: countSchema,
  joined_at: timeSchema,
});

export type Role = z.infer<typeof roleSchema>;
export type Member = z.infer<typeof memberSchema>;
