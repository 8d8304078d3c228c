import { randomBytes } from 'node:crypto';
import { Tickets } from '@carillon/auth';
import { protocolVersion, ticketPrefix } from '@carillon/protocol';
import { systemClock } from '@carillon/runtime';
import { userName } from '../servers/user-name.ts';

const lifetimeMs = 600_000;

/** A secret for one run, for the shard's TICKET_SECRET and for the tickets. */
export function createSecret(): string {
  return randomBytes(32).toString('hex');
}

/** What user 0, 1, 2, … offers as subprotocols to a shard with this secret; good for ten minutes, as often as it is presented. */
export async function issueOffers(secret: string, users: number): Promise<string[]> {
  const tickets = new Tickets(secret, systemClock);
  const sessionExpiresAtMs = systemClock.nowMs() + 2 * lifetimeMs;
  const offers: string[] = [];
  for (let user = 0; user < users; user += 1) {
    const { ticket } = tickets.issue({ userId: userName(user), sessionExpiresAtMs, lifetimeMs });
    offers.push(`${protocolVersion}, ${ticketPrefix}${ticket}`);
  }
  return offers;
}
