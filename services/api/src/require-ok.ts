import { AppError } from '@carillon/protocol';

type Refusal = 'not_found' | 'forbidden' | 'full' | 'conflict' | 'deleted' | 'pruned' | 'invalid_cursor';

const codes = {
  not_found: 'not_found',
  forbidden: 'forbidden',
  full: 'chat_full',
  conflict: 'idempotency_conflict',
  deleted: 'message_deleted',
  pruned: 'events_pruned',
  invalid_cursor: 'invalid_cursor',
} as const;

/** The outcome when the query did what was asked; a refusal becomes the AppError that stands for it. */
export function requireOk<Outcome extends { readonly kind: string }>(outcome: Outcome): Exclude<Outcome, { readonly kind: Refusal }> {
  if (isDone(outcome)) return outcome;
  throw new AppError(codeOf(outcome.kind));
}

function isDone<Outcome extends { readonly kind: string }>(outcome: Outcome): outcome is Exclude<Outcome, { readonly kind: Refusal }> {
  return !Object.hasOwn(codes, outcome.kind);
}

function codeOf(kind: string): (typeof codes)[Refusal] {
  return codes[kind as Refusal];
}
