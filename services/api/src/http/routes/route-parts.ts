import type { DevTokens } from '@carillon/auth';
import type { Database } from '@carillon/store';
import type { ChatWrites, Relay } from '../../chat-writes.ts';
import type { ReadSignals } from '../../sync/mark-read.ts';
import type { TicketParts } from '../../tickets/create-ticket.ts';
import type { UrlRules } from '../schemas.ts';
import type { SendRate } from '../send-rate.ts';

/** What the routes hand to their use cases; each takes what it uses. */
export type RouteParts = {
  readonly database: Database;
  readonly writes: ChatWrites;
  readonly relay: Relay;
  readonly signals: ReadSignals;
  readonly tickets: TicketParts;
  /** Undefined where development tokens are off. */
  readonly devTokens: DevTokens | undefined;
  readonly sendRate: SendRate;
  readonly newId: () => string;
  readonly maxMembers: number;
  readonly retentionDays: number;
  readonly urlRules: UrlRules;
};
