import { randomUUID } from 'node:crypto';
import { isAllowedOrigin } from '@carillon/runtime';
import type { Admission } from '../admission/admission.ts';
import { type Claim, readOffer } from '../admission/read-offer.ts';
import type { ShardCounts } from '../metrics.ts';
import type { Socket, SocketListener, UpgradeAnswer, UpgradeRequest } from '../transport/socket.ts';
import { Connection, type ConnectionParts } from './connection.ts';
import type { ConnectionTable } from './connection-table.ts';

export type AcceptParts = {
  readonly admission: Admission;
  readonly allowedOrigins: readonly string[];
  readonly connections: ConnectionTable;
  readonly connectionParts: ConnectionParts;
  readonly counts: ShardCounts;
  /** The socket is open: find out whose it is. */
  readonly onOpen: (connection: Connection, claim: Claim) => void;
  readonly onFrame: (connection: Connection, frame: ArrayBuffer, isBinary: boolean) => void;
  readonly onLastOf: (userId: string) => void;
};

/**
 * What becomes of an upgrade: refused for load before anything else is looked at [S1], then for its Origin and its subprotocol.
 * Everything else is accepted, also a bad credential: a browser sees the reason of a close, never that of a refusal.
 */
export function acceptUpgrade(request: UpgradeRequest, parts: AcceptParts): UpgradeAnswer {
  const retryAfterSeconds = parts.admission.refuse(request.remoteAddress);
  if (retryAfterSeconds !== undefined) return { kind: 'refuse', status: '503 Service Unavailable', retryAfterSeconds, body: 'try again\n' };
  // An absent header is no browser.
  if (request.origin !== '' && !isAllowedOrigin(request.origin, parts.allowedOrigins))
    return { kind: 'refuse', status: '403 Forbidden', body: 'origin not allowed\n' };
  const offer = readOffer(request);
  if (offer.kind === 'no_protocol') return { kind: 'refuse', status: '400 Bad Request', body: 'no carillon subprotocol offered\n' };
  const { protocol, isSpoken, claim } = offer;
  return {
    kind: 'accept',
    protocol,
    open: (socket) => openSocket(socket, request.remoteAddress, isSpoken ? claim : undefined, parts),
  };
}

/** `claim` undefined: no version that we speak was offered [P1]. */
function openSocket(socket: Socket, address: string, claim: Claim | undefined, parts: AcceptParts): SocketListener {
  const connection = new Connection(randomUUID(), socket, parts.connectionParts);
  parts.admission.enter(address);
  parts.counts.upgrades += 1;
  parts.connections.open(connection);
  if (claim !== undefined) parts.onOpen(connection, claim);
  // A turn later: uWS knows the listener only when this call has returned.
  else setImmediate(() => connection.close('unsupported_version'));
  return new ConnectionListener(connection, address, parts);
}

/** One object for each connection; three closures and what they close over took 300 bytes more. */
class ConnectionListener implements SocketListener {
  readonly #connection: Connection;
  readonly #address: string;
  readonly #parts: AcceptParts;

  constructor(connection: Connection, address: string, parts: AcceptParts) {
    this.#connection = connection;
    this.#address = address;
    this.#parts = parts;
  }

  onFrame(frame: ArrayBuffer, isBinary: boolean): void {
    this.#parts.onFrame(this.#connection, frame, isBinary);
  }

  onDrain(): void {
    this.#parts.connectionParts.flushList.mark(this.#connection);
  }

  onClose(code: number): void {
    forget(this.#connection, code, this.#address, this.#parts);
  }
}

function forget(connection: Connection, code: number, address: string, parts: AcceptParts): void {
  connection.state = 'closed';
  parts.admission.leave(address);
  parts.connectionParts.wheel.cancel(connection);
  parts.counts.countClose(code);
  if (parts.connections.remove(connection)) parts.onLastOf(connection.userId);
}
