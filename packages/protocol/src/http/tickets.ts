import { z } from 'zod';
import { userText } from '../entities/text.ts';
import { timeSchema, userIdSchema } from '../ids.ts';

/** `POST /v1/tickets`; the body may be left out. */
export const createTicketSchema = z.strictObject({
  avoid_shard_id: userText(1, 255).optional().describe('The shard that could not be reached: choose another one.'),
});

/** A ticket for one WebSocket upgrade within 60 s, and where to go with it. */
export const ticketSchema = z.object({
  ticket: z.string(),
  url: z.string().describe('Base URL of the shard: `ws:` or `wss:`, no trailing slash.'),
  shard_id: z.string(),
  expires_at: timeSchema,
});

const maxTtlSeconds = 365 * 24 * 3600;

/** `POST /v1/dev/tokens`. */
export const createDevTokenSchema = z.strictObject({
  user_id: userIdSchema,
  ttl_seconds: z
    .int()
    .min(1)
    .max(maxTtlSeconds)
    .default(24 * 3600),
});

/** A token of a development server. */
export const devTokenSchema = z.object({ token: z.string(), expires_at: timeSchema });

export type CreateTicket = z.output<typeof createTicketSchema>;
export type Ticket = z.output<typeof ticketSchema>;
export type CreateDevToken = z.output<typeof createDevTokenSchema>;
export type DevToken = z.output<typeof devTokenSchema>;
