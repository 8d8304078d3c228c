import { closest, distance } from 'fastest-levenshtein';
import type { z } from 'zod';

type Environment = Readonly<Record<string, string | undefined>>;

type MisspeltVariable = { readonly variable: string; readonly meant: string };

const prefix = 'CARILLON_';
/** One letter in so many may differ, but no more than two: `HOST` and `PORT` are two names, `KAFKA_BROKER` is a slip. */
const lettersPerSlip = 6;
const maxSlips = 2;

/**
 * Variables that nobody reads but whose names are close to one that is read and not set, such as `KAFKA_BROKER` or `CARILLON_REDIS_URL`:
 * to be warned about, since a default in place of what was meant is found late. No error: the environment is not ours alone.
 */
export function misspeltVariables(schema: z.ZodObject, env: Environment): MisspeltVariable[] {
  const known = Object.keys(schema.shape);
  const missing = known.filter((name) => (env[name] ?? '') === '');
  const unread = Object.keys(env).filter((name) => !known.includes(name));
  return unread.flatMap((variable) => {
    const meant = missing.length === 0 ? undefined : nearest(variable, missing);
    return meant === undefined ? [] : [{ variable, meant }];
  });
}

function nearest(variable: string, names: readonly string[]): string | undefined {
  const spelt = variable.toUpperCase().replace(prefix, '');
  const name = closest(spelt, names);
  return distance(spelt, name) <= Math.min(maxSlips, Math.floor(name.length / lettersPerSlip)) ? name : undefined;
}
