import type { OverviewEntry } from './wire.ts';

/** How complete what is shown is: `stale` since the connection was lost. */
export type Status = 'live' | 'catching_up' | { readonly stale: { readonly since: number } };

export type Overview = {
  /** Newest activity first. */
  readonly chats: readonly OverviewEntry[];
  readonly isLoaded: boolean;
  readonly status: Status;
};
