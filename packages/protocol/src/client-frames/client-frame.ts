import { z } from 'zod';

export const pingFrameSchema = z.object({ type: z.literal('ping'), id: z.string().max(64).optional() });

export const authFrameSchema = z.object({
  type: z.literal('auth'),
  token: z.string().min(1).describe('A fresh ticket or JWT of the same user.'),
});

/** Every frame that a client sends. Unknown types and fields are ignored and counted [P4]. */
export const clientFrameSchema = z.discriminatedUnion('type', [pingFrameSchema, authFrameSchema]);

export type PingFrame = z.infer<typeof pingFrameSchema>;
export type AuthFrame = z.infer<typeof authFrameSchema>;
export type ClientFrame = z.infer<typeof clientFrameSchema>;
