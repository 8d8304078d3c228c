import { z } from 'zod';

/** Length in code points, so that an emoji counts as its code points and not as UTF-16 units. */
export function codePoints(text: string): number {
  let count = 0;
  for (const _ of text) count += 1;
  return count;
}

/**
 * Text from a user of `min` to `max` code points. NUL (Postgres refuses U+0000) and lone surrogates (no UTF-8 form) are
 * faults of the request, never a 500 [S5].
 */
export function userText(min: number, max: number) {
  return z
    .string()
    .refine((text) => !text.includes('\u0000'), 'must not contain NUL')
    .refine((text) => text.isWellFormed(), 'must not contain lone surrogates')
    .refine((text) => codePoints(text) >= min, `must have at least ${min} character${min === 1 ? '' : 's'}`)
    .refine((text) => codePoints(text) <= max, `must have at most ${max} characters`);
}
