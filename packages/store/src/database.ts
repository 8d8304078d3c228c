import type { Failpoint, Logger } from '@carillon/runtime';
import { withDeadline } from '@carillon/runtime';
import pg from 'pg';
import { asUnavailable, isSessionUsable } from './unavailable.ts';

export type DatabaseOptions = {
  readonly url: string;
  readonly maxConnections: number;
  readonly applicationName: string;
  readonly logger: Logger;
  readonly failpoint?: Failpoint | undefined;
};

/** A statement is prepared once per connection, by its name. */
export type Statement = { readonly name: string; readonly text: string };

/** What queries need: a pool or one transaction. Rows come as they are typed by the statement's author. */
export interface Queryable {
  query<Row extends pg.QueryResultRow>(statement: Statement, values: readonly unknown[]): Promise<Row[]>;
}

const connectTimeoutMs = 5_000;
const answerTimeoutMs = 8_000; // over statement_timeout: only a server that does not answer at all gets here
const closeTimeoutMs = 5_000;

/** bigint as a number: seq, message_no and counts stay far below 2^53. */
const types = {
  getTypeParser: (oid: number, format?: 'text' | 'binary') =>
    oid === pg.types.builtins.INT8 ? Number : pg.types.getTypeParser(oid, format),
};

/**
 * The pool of connections to the primary. READ COMMITTED throughout; a statement that waits 2 s for a lock or runs for 5 s,
 * a wait of 5 s for a connection, and a Postgres that is away are `unavailable`.
 */
export class Database implements Queryable, AsyncDisposable {
  readonly #pool: pg.Pool;
  readonly #logger: Logger;
  readonly #failpoint: Failpoint | undefined;

  constructor(options: DatabaseOptions) {
    this.#logger = options.logger;
    this.#failpoint = options.failpoint;
    this.#pool = new pg.Pool({
      connectionString: options.url,
      max: options.maxConnections,
      application_name: options.applicationName,
      connectionTimeoutMillis: connectTimeoutMs,
      idleTimeoutMillis: 60_000,
      keepAlive: true,
      lock_timeout: 2_000,
      statement_timeout: 5_000,
      idle_in_transaction_session_timeout: 10_000,
      query_timeout: answerTimeoutMs,
      options: '-c default_transaction_isolation=read\\ committed -c jit=off',
      types,
    });
    this.#pool.on('error', (error) => options.logger.warn({ err: error }, 'idle database connection lost'));
    // While a connection is out of the pool nobody else listens, and an `error` that nobody hears ends the process. The statement in
    // flight rejects by itself.
    this.#pool.on('connect', (connection) => {
      connection.on('error', (error) => options.logger.debug({ err: error }, 'database connection lost'));
    });
  }

  /** Resolves when Postgres answers. */
  async ping(): Promise<void> {
    await this.query({ name: 'ping', text: 'SELECT 1' }, []);
  }

  /** One statement, committed by itself. */
  query<Row extends pg.QueryResultRow>(statement: Statement, values: readonly unknown[]): Promise<Row[]> {
    return this.#withConnection((connection) => run<Row>(connection, statement, values));
  }

  /** All of `work` commits together, or nothing of it: any error rolls back. */
  transaction<T>(work: (transaction: Queryable) => Promise<T>): Promise<T> {
    return this.#withConnection(async (connection) => {
      await connection.query('BEGIN');
      try {
        const result = await work({ query: (statement, values) => run(connection, statement, values) });
        if (this.#failpoint !== undefined) await this.#failpoint('api.before_commit');
        await connection.query('COMMIT');
        return result;
      } catch (error) {
        await rollBack(connection, error);
        throw error;
      }
    });
  }

  /** Waits 5 s for statements in flight, then leaves them to the process's end. */
  async [Symbol.asyncDispose](): Promise<void> {
    try {
      await withDeadline(this.#pool.end(), closeTimeoutMs, 'closing the database connections');
    } catch (error) {
      this.#logger.warn({ err: error }, 'database connections not closed');
    }
  }

  /** A connection in doubt is closed, never given back. */
  async #withConnection<T>(work: (connection: pg.PoolClient) => Promise<T>): Promise<T> {
    let connection: pg.PoolClient | undefined;
    let isUsable = true;
    try {
      connection = await this.#pool.connect();
      return await work(connection);
    } catch (error) {
      isUsable = !(error instanceof ConnectionInDoubt) && (isSessionUsable(error) || isOurs(error));
      throw asUnavailable(error instanceof ConnectionInDoubt ? error.cause : error);
    } finally {
      connection?.release(!isUsable);
    }
  }
}

/** The session did not take a ROLLBACK: it may still be in the transaction. */
class ConnectionInDoubt extends Error {}

/** Thrown by our own code between statements, after which the transaction was rolled back in order. */
function isOurs(error: unknown): boolean {
  return asUnavailable(error) === error;
}

async function run<Row extends pg.QueryResultRow>(
  connection: pg.PoolClient,
  statement: Statement,
  values: readonly unknown[],
): Promise<Row[]> {
  const result = await connection.query<Row>({ name: statement.name, text: statement.text, values: [...values] });
  return result.rows;
}

async function rollBack(connection: pg.PoolClient, cause: unknown): Promise<void> {
  if (!isSessionUsable(cause) && !isOurs(cause)) throw new ConnectionInDoubt('lost', { cause });
  try {
    await connection.query('ROLLBACK');
  } catch {
    throw new ConnectionInDoubt('not rolled back', { cause }); // the first failure is what the caller is told
  }
}
