import type { Identity } from '@carillon/auth';

/** What the middleware leaves for those behind it. */
export type ApiEnv = {
  Variables: { requestId: string; traceparent: string | undefined; identity: Identity | undefined };
};
