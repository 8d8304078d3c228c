import { z } from 'zod';

/** A number of a query string; anything but digits stays a string, so that the number's own schema names the fault. */
function toNumber(value: unknown): unknown {
  return typeof value === 'string' && /^\d{1,16}$/.test(value) ? Number(value) : value;
}

/** A place in a chat as a query parameter. */
export const seqQuerySchema = z.preprocess(toNumber, z.int('must be a whole number').min(0, 'must be at least 0'));

/** How many entries an answer may have. */
export const limitSchema = z.preprocess(
  toNumber,
  z
    .int('must be a whole number from 1 to 100')
    .min(1, 'must be at least 1')
    .max(100, 'must be at most 100')
    .default(50)
    .describe('Entries of the answer at most.'),
);

/** Where the next page begins. What is not one of ours is `invalid_cursor`, so here any text passes. */
const cursorSchema = z.string().describe('Opaque: the `next_cursor` or `sync_cursor` of an earlier answer.');

export const nextCursorSchema = z.string().nullable().describe('Opaque; null on the last page.');

/** A page of a list. */
export const pageQuerySchema = z.object({ limit: limitSchema, cursor: cursorSchema.optional() });

/** A page of what happened since the cursor. */
export const sinceQuerySchema = z.object({ limit: limitSchema, cursor: cursorSchema });

export type PageQuery = z.output<typeof pageQuerySchema>;
export type SinceQuery = z.output<typeof sinceQuerySchema>;
