import { bearerPrefix, protocolVersion, ticketPrefix } from '@carillon/protocol';
import type { UpgradeRequest } from '../transport/socket.ts';

/** What a client presents; `none` is closed with 4500 like a bad one. */
export type Credential = { readonly kind: 'ticket' | 'bearer'; readonly token: string } | { readonly kind: 'none' };

/** Who comes, and from which place of the notification stream; any text, as the client sent it. */
export type Claim = { readonly credential: Credential; readonly resume: string | undefined };

/** `protocol` is echoed, empty where none was offered. `isSpoken`: it is a version we speak [P1]. */
export type Offer =
  | { readonly kind: 'offer'; readonly protocol: string; readonly isSpoken: boolean; readonly claim: Claim }
  | { readonly kind: 'no_protocol' };

/** What the client offers: the version beside its credential in the subprotocols, or the ticket in the query; `resume` there too. */
export function readOffer(request: Pick<UpgradeRequest, 'protocols' | 'query'>): Offer {
  const offered = request.protocols
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '');
  const query = new URLSearchParams(request.query);
  const ticket = query.get('ticket');
  const versions = offered.filter((item) => item.startsWith('carillon.'));
  const [first] = versions;
  if (first === undefined && ticket === null) return { kind: 'no_protocol' };
  const isSpoken = first === undefined || versions.includes(protocolVersion);
  return {
    kind: 'offer',
    protocol: isSpoken && first !== undefined ? protocolVersion : (first ?? ''),
    isSpoken,
    claim: { credential: credentialOf(offered, ticket), resume: query.get('resume') ?? undefined },
  };
}

function credentialOf(offered: readonly string[], ticket: string | null): Credential {
  const inTicket = offered.find((item) => item.startsWith(ticketPrefix));
  if (inTicket !== undefined) return { kind: 'ticket', token: inTicket.slice(ticketPrefix.length) };
  const inBearer = offered.find((item) => item.startsWith(bearerPrefix));
  if (inBearer !== undefined) return { kind: 'bearer', token: inBearer.slice(bearerPrefix.length) };
  return ticket === null ? { kind: 'none' } : { kind: 'ticket', token: ticket };
}
