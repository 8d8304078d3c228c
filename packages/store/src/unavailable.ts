import { AppError } from '@carillon/protocol';
import pg from 'pg';

/** SQLSTATE classes and codes that say "not now": nothing is wrong with the request. */
const transient = [
  '08', // connection exceptions
  '53', // insufficient resources: disk full, too many connections
  '57P', // shutdown, crash recovery, idle session ended
  '25006', // read-only: this server is not the primary (any more)
  '25P03', // idle in transaction
  '40001', // serialisation failure
  '40P01', // deadlock
  '55P03', // lock_timeout
  '57014', // statement_timeout
];

/** The SQLSTATE of a Postgres error; undefined for every other failure. */
export function sqlState(error: unknown): string | undefined {
  return error instanceof pg.DatabaseError ? error.code : undefined;
}

/**
 * `unavailable` for whatever keeps Postgres from answering now: the outcome of a write is unknown then. Bugs (bad SQL, a
 * TypeError) and expected failures stay what they are.
 */
export function asUnavailable(error: unknown): unknown {
  if (error instanceof AppError || error instanceof TypeError || error instanceof RangeError) return error;
  const code = sqlState(error);
  if (code !== undefined && !transient.some((prefix) => code.startsWith(prefix))) return error;
  return new AppError('unavailable', { retryAfterSeconds: 1, cause: error });
}

/** After a DatabaseError the session is in order; after anything else, or one that ended the session, it is not. */
export function isSessionUsable(error: unknown): boolean {
  const code = sqlState(error);
  return code !== undefined && !code.startsWith('57P') && !code.startsWith('08') && code !== '25P03';
}
