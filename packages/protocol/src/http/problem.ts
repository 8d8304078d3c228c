import { z } from 'zod';

/** Every answer of 400 and above, as `application/problem+json` (RFC 9457) [H3]. `code` is one of `error-codes.ts`. */
export const problemSchema = z.object({
  type: z.string().describe('`urn:carillon:problem:<code>`'),
  title: z.string(),
  status: z.int(),
  detail: z.string(),
  code: z.string().describe('Stable: what programs compare.'),
  request_id: z.string().describe('The `X-Request-Id` of this answer.'),
  errors: z
    .array(z.object({ pointer: z.string(), detail: z.string() }))
    .optional()
    .describe('All faults: JSON pointers into the body, `/query/<name>` for the query.'),
});

export type Problem = z.output<typeof problemSchema>;
