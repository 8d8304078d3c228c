/**
 * The catalogue of HTTP errors: it alone knows a code's status and whether the same request may be tried again.
 * `docs/reference/errors.md` is generated from it.
 */
export const errorCodes = {
  malformed_json: { status: 400, title: 'The body is not valid JSON', retryable: false },
  validation_failed: { status: 400, title: 'The request has faulty fields', retryable: false },
  invalid_cursor: { status: 400, title: 'The cursor was not made by this API', retryable: false },
  unauthenticated: { status: 401, title: 'No valid credential', retryable: false },
  token_expired: { status: 401, title: 'The token has expired', retryable: false },
  forbidden: { status: 403, title: 'Your role does not allow this', retryable: false },
  not_found: { status: 404, title: 'Not found', retryable: false },
  method_not_allowed: { status: 405, title: 'This route does not know the method', retryable: false },
  idempotency_conflict: { status: 409, title: 'The client id was used with other content', retryable: false },
  message_deleted: { status: 409, title: 'The message is deleted', retryable: false },
  chat_full: { status: 409, title: 'The chat has no room for more members', retryable: false },
  events_pruned: { status: 410, title: 'Events that old are no longer stored', retryable: false },
  payload_too_large: { status: 413, title: 'The body is larger than 64 KiB', retryable: false },
  unsupported_media_type: { status: 415, title: 'The body must be application/json', retryable: false },
  rate_limited: { status: 429, title: 'Too many requests', retryable: true },
  internal: { status: 500, title: 'Internal error', retryable: false },
  unavailable: { status: 503, title: 'Temporarily unavailable, the outcome is unknown', retryable: true },
} as const;

export type ErrorCode = keyof typeof errorCodes;
