import { z } from 'zod';

/** What `client_message_id` and `client_chat_id` may be. */
const visibleAscii = /^[!-~]{1,128}$/;

/** The same but for `.` and `..`: a path with such a segment, encoded or not, is another path to every client and server (WHATWG URL). */
const namedByUrl = /^(?!\.{1,2}$)[!-~]{1,128}$/;

/** A user's id: the `sub` of their token, opaque to Carillon [S10]. */
export const userIdSchema = z
  .string()
  .regex(namedByUrl, 'must be 1 to 128 visible ASCII characters, neither . nor ..')
  .describe('A user id: the `sub` of a token, 1 to 128 visible ASCII characters, neither `.` nor `..`.');

/** An id the client chose: it makes the retry of a request the same request [H1]. */
export const clientIdSchema = z
  .string()
  .regex(visibleAscii, 'must be 1 to 128 visible ASCII characters')
  .describe('An id chosen by the client, opaque, 1 to 128 visible ASCII characters.');

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** Any well-formed UUID, in lower case. Ours are UUIDv7. */
export const uuidSchema = z.string().regex(uuid, 'must be a UUID').toLowerCase();

/** ISO 8601 UTC with milliseconds and `Z`. */
export const timeSchema = z
  .string()
  .regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/, 'must be ISO 8601 UTC with milliseconds')
  .describe('ISO 8601 UTC, milliseconds, `Z`.');

/** A place in a chat: `seq`, `message_no` or a count. */
export const countSchema = z.int().min(0);

export type UserId = z.infer<typeof userIdSchema>;
export type ChatId = z.infer<typeof uuidSchema>;
export type MessageId = z.infer<typeof uuidSchema>;
