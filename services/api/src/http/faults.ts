import type { Fault } from '@carillon/protocol';
import type { z } from 'zod';

/** The faults of a schema's issue. zod reports unknown keys at their parent: here each has its own pointer [H3]. */
export function faultsOf(issue: z.core.$ZodIssue, prefix: string): Fault[] {
  if (issue.code !== 'unrecognized_keys') return [{ pointer: prefix + pointerTo(issue.path), detail: issue.message }];
  return issue.keys.map((key) => ({ pointer: prefix + pointerTo([...issue.path, key]), detail: 'is not a known field' }));
}

/** A JSON pointer (RFC 6901). */
export function pointerTo(path: readonly PropertyKey[]): string {
  return path.map((segment) => `/${String(segment).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
}
