import { z } from 'zod';
import { eventSchema } from '../events/event.ts';
import { countSchema, uuidSchema } from '../ids.ts';
import { limitSchema, seqQuerySchema } from './paging.ts';

/** `GET /v1/chats/{chat_id}/events`. */
export const eventsQuerySchema = z.object({ after_seq: seqQuerySchema.default(0), limit: limitSchema });

/** `GET /v1/chats/{chat_id}/events`: complete up to `seq`, whatever numbers it skips. */
export const eventPageSchema = z.object({ events: z.array(eventSchema), seq: countSchema, has_more: z.boolean() });

/** `PUT /v1/chats/{chat_id}/read`. */
export const markReadSchema = z.strictObject({ message_no: countSchema });

/** The read position after `PUT …/read`: it never moves back. */
export const readPositionSchema = z.object({ read_message_no: countSchema });

const tooLong = z.boolean().describe('True: the cursor is too old or of another timeline; load the overview anew [H5].');

/** `GET /v1/sync`. */
export const syncPageSchema = z.object({
  events: z.array(eventSchema),
  next_cursor: z.string(),
  has_more: z.boolean(),
  too_long: tooLong,
});

/** A chat that moved: its last `seq` for the caller, and the caller's read position. */
export const headSchema = z.object({ chat_id: uuidSchema, seq: countSchema, read_message_no: countSchema });

/** `GET /v1/heads`. */
export const headsPageSchema = z.object({
  heads: z.array(headSchema),
  next_cursor: z.string(),
  has_more: z.boolean(),
  too_long: tooLong,
});

export type EventsQuery = z.output<typeof eventsQuerySchema>;
export type EventPage = z.output<typeof eventPageSchema>;
export type MarkRead = z.output<typeof markReadSchema>;
export type ReadPosition = z.output<typeof readPositionSchema>;
export type SyncPage = z.output<typeof syncPageSchema>;
export type Head = z.output<typeof headSchema>;
export type HeadsPage = z.output<typeof headsPageSchema>;
