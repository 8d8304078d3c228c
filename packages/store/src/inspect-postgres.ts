import pg from 'pg';
import { asUnavailable } from './unavailable.ts';

/** What an operator wants to know of the server before anything is installed on it. */
export type PostgresFacts = {
  /** `18.4`. */
  readonly version: string;
  readonly isReplica: boolean;
  /** Whether this user may make tables here. */
  readonly mayCreate: boolean;
  /** Whether our tables are there, and this user may write them. */
  readonly mayWrite: boolean;
  readonly maxConnections: number;
};

const text = `SELECT current_setting('server_version_num')::int AS version, pg_is_in_recovery() AS replica,
  has_schema_privilege(current_schema(), 'CREATE') AS creates, has_table_privilege(to_regclass('events'), 'INSERT') AS writes,
  current_setting('max_connections')::int AS connections`;

type Row = { version: number; replica: boolean; creates: boolean | null; writes: boolean | null; connections: number };

/** One connection, one question. Throws `unavailable` when Postgres cannot be reached within 10 s or refuses the user. */
export async function inspectPostgres(url: string): Promise<PostgresFacts> {
  const client = new pg.Client({ connectionString: url, application_name: 'carillon-preflight', connectionTimeoutMillis: 10_000 });
  client.on('error', () => undefined); // a connection that breaks here fails the question
  try {
    await client.connect();
    const { rows } = await client.query<Row>(text);
    const [row] = rows;
    const version = row?.version ?? 0;
    return {
      version: `${Math.floor(version / 10_000)}.${version % 10_000}`,
      isReplica: row?.replica === true,
      mayCreate: row?.creates === true,
      mayWrite: row?.writes === true,
      maxConnections: row?.connections ?? 0,
    };
  } catch (error) {
    throw asUnavailable(error);
  } finally {
    await client.end();
  }
}
