import { AppError, type Fault } from '@carillon/protocol';
import type { z } from 'zod';
import { faultsOf } from './faults.ts';

/** Query and body before their schemas saw them; `faults` are those that the JSON has whatever the schema. */
export type RawInput = { readonly query: Readonly<Record<string, string>>; readonly body: unknown; readonly faults: readonly Fault[] };

type Schemas<Body, Query> = { readonly query?: z.ZodType<Query>; readonly body?: { readonly schema: z.ZodType<Body> } };

/** An answer of a thousand faults tells enough. */
const maxFaults = 1000;

/** Query and body as their schemas say. Throws AppError('validation_failed') with all faults of both [H3]. */
export function readInput<Body, Query>(schemas: Schemas<Body, Query>, input: RawInput): { query: Query; body: Body } {
  const query = parse(schemas.query, input.query, '/query');
  const body = parse(schemas.body?.schema, input.body, '');
  const faults = [...query.faults, ...body.faults, ...input.faults];
  if (faults.length > 0) throw new AppError('validation_failed', { faults: distinct(faults).slice(0, maxFaults) });
  return { query: query.data, body: body.data };
}

/** Without a schema there is nothing to read: the operation's type says `undefined`. */
function parse<T>(schema: z.ZodType<T> | undefined, value: unknown, prefix: string): { data: T; faults: Fault[] } {
  if (schema === undefined) return { data: undefined as T, faults: [] };
  const result = schema.safeParse(value, { error: requiredMessage });
  if (result.success) return { data: result.data, faults: [] };
  return { data: undefined as T, faults: result.error.issues.flatMap((issue) => faultsOf(issue, prefix)) };
}

function requiredMessage(issue: z.core.$ZodRawIssue): string | undefined {
  return issue.code === 'invalid_type' && issue.input === undefined ? 'is required' : undefined;
}

/** A schema and the inspection of the JSON may both object to the same place: one fault is enough. */
function distinct(faults: readonly Fault[]): Fault[] {
  return [...new Map(faults.toReversed().map((fault) => [fault.pointer, fault])).values()].toReversed();
}
