import { AppError, partitionOf } from '@carillon/protocol';
import type { Logger } from '@carillon/runtime';
import type { Claim } from '../admission/read-offer.ts';
import type { RecentRecords } from '../consumer/recent-records.ts';
import type { ShardCounts } from '../metrics.ts';
import type { Registrar } from '../presence/registrar.ts';
import type { Connection } from './connection.ts';
import type { ConnectionTable } from './connection-table.ts';
import { type Credentials, closeNameOf } from './credentials.ts';
import { replay } from './replay.ts';

export type OpenParts = {
  readonly shardId: string;
  readonly partitionCount: number;
  readonly heartbeatMs: number;
  /** 0 = off. */
  readonly connectionsPerUser: number;
  readonly connections: ConnectionTable;
  readonly credentials: Credentials;
  readonly registrar: Pick<Registrar, 'register'>;
  readonly recent: Pick<RecentRecords, 'starts' | 'framesBehind' | 'isUnbroken'>;
  readonly counts: Pick<ShardCounts, 'resumes'>;
  readonly logger: Logger;
};

/**
 * From the open socket to `ready`: who is it → receives from now on → registered → `ready` [P2]. Frames that come for the user
 * meanwhile wait in the send queue and within its bound, behind those of a resume. Any user is served, whatever shard owns their
 * partition [R2]. Never rejects. Waits: for the key source of a token, which has its own deadline, and for the registration, which
 * says `degraded` instead of waiting on [R7].
 */
export async function openConnection(connection: Connection, claim: Claim, parts: OpenParts): Promise<void> {
  try {
    const identity = await parts.credentials.verify(claim.credential);
    if (connection.state === 'closed') return;
    join(connection, identity, parts);
    const isResumed = resume(connection, claim.resume, parts);
    const { degraded } = await parts.registrar.register(identity.userId);
    if (connection.state === 'registering') becomeReady(connection, { resumed: isResumed() && !degraded, degraded }, parts);
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

/**
 * Replays what the client missed, in the turn in which it joined. Whether that stands is asked again when it becomes ready: events
 * of a partition that was lost meanwhile may have found no way here [R6].
 */
function resume(connection: Connection, pos: string | undefined, { recent, counts }: OpenParts): () => boolean {
  if (pos === undefined) return () => false;
  const since = recent.starts;
  const outcome = replay(connection, pos, recent);
  return () => {
    const isInterrupted = outcome === 'replayed' && !recent.isUnbroken(connection.partition, since);
    counts.resumes[isInterrupted ? 'interrupted' : outcome] += 1;
    return outcome === 'replayed' && !isInterrupted;
  };
}

function becomeReady(connection: Connection, told: { degraded: boolean; resumed: boolean }, parts: OpenParts): void {
  connection.becomeReady({
    type: 'ready',
    connection_id: connection.id,
    user_id: connection.userId,
    shard_id: parts.shardId,
    heartbeat_ms: parts.heartbeatMs,
    expires_at: new Date(connection.expiresAtMs).toISOString(),
    ...told,
  });
}

/** Only bugs are logged: a bad credential is the client's business, and its text must not reach the log [S6]. */
function failConnection(connection: Connection, error: unknown, logger: Logger): void {
  if (!(error instanceof AppError)) logger.error({ err: error }, 'connection failed');
  connection.close(error instanceof AppError ? closeNameOf(error) : 'overloaded');
}
