import { AppError, partitionOf } from '@carillon/protocol';
import type { Logger } from '@carillon/runtime';
import type { Credential } from '../admission/read-offer.ts';
import type { Registrar } from '../presence/registrar.ts';
import type { Connection } from './connection.ts';
import type { ConnectionTable } from './connection-table.ts';
import { type Credentials, closeNameOf } from './credentials.ts';

export type OpenParts = {
  readonly shardId: string;
  readonly partitionCount: number;
  readonly heartbeatMs: number;
  /** 0 = off. */
  readonly connectionsPerUser: number;
  readonly connections: ConnectionTable;
  readonly credentials: Credentials;
  readonly registrar: Pick<Registrar, 'register'>;
  readonly logger: Logger;
};

/**
 * From the open socket to `ready`: who is it → receives from now on → registered → `ready` [P2]. Frames that come for the user
 * meanwhile wait in the send queue. Any user is served, whatever shard owns their partition [R2]. Never rejects.
 */
export async function openConnection(connection: Connection, credential: Credential, parts: OpenParts): Promise<void> {
  try {
    const identity = await parts.credentials.verify(credential);
    if (connection.state === 'closed') return;
    join(connection, identity, parts);
    const { degraded } = await parts.registrar.register(identity.userId);
    if (connection.state === 'registering') becomeReady(connection, degraded, parts);
  } catch (error) {
    failConnection(connection, error, parts.logger);
  }
}

/** An `auth` frame: the same user goes on until the end of the new credential [S3]; anything else ends the connection. */
export async function renewCredential(
  connection: Connection,
  token: string,
  parts: Pick<OpenParts, 'credentials' | 'logger'>,
): Promise<void> {
  if (connection.state === 'authenticating') {
    connection.earlyToken = token;
    return;
  }
  try {
    const identity = await parts.credentials.verifyEither(token);
    if (identity.userId === connection.userId) prolong(connection, identity.expiresAtMs);
    else connection.close('invalid_credential');
  } catch (error) {
    failConnection(connection, error, parts.logger);
  }
}

function prolong(connection: Connection, expiresAtMs: number): void {
  connection.expiresAtMs = expiresAtMs;
  connection.schedule();
  connection.send({ type: 'authenticated', expires_at: new Date(expiresAtMs).toISOString() });
}

function join(connection: Connection, identity: { userId: string; expiresAtMs: number }, parts: OpenParts): void {
  connection.state = 'registering';
  connection.userId = identity.userId;
  connection.partition = partitionOf(identity.userId, parts.partitionCount);
  connection.expiresAtMs = identity.expiresAtMs;
  parts.connections.join(connection);
  connection.schedule();
  if (parts.connectionsPerUser > 0) {
    for (const surplus of parts.connections.surplusOf(identity.userId, parts.connectionsPerUser)) surplus.close('too_many_connections');
  }
  if (connection.earlyToken !== undefined) void renewCredential(connection, connection.earlyToken, parts);
}

function becomeReady(connection: Connection, degraded: boolean, parts: OpenParts): void {
  connection.becomeReady({
    type: 'ready',
    connection_id: connection.id,
    user_id: connection.userId,
    shard_id: parts.shardId,
    heartbeat_ms: parts.heartbeatMs,
    expires_at: new Date(connection.expiresAtMs).toISOString(),
    resumed: false,
    degraded,
  });
}

/** Only bugs are logged: a bad credential is the client's business, and its text must not reach the log [S6]. */
function failConnection(connection: Connection, error: unknown, logger: Logger): void {
  if (!(error instanceof AppError)) logger.error({ err: error }, 'connection failed');
  connection.close(error instanceof AppError ? closeNameOf(error) : 'overloaded');
}
