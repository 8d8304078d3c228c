import pg from 'pg';
import { asUnavailable } from './unavailable.ts';

/** The server's time, in milliseconds since the epoch. Throws `unavailable` when Postgres cannot be reached within 10 s. */
export async function readPostgresClock(url: string): Promise<number> {
  const client = new pg.Client({ connectionString: url, application_name: 'carillon-doctor', connectionTimeoutMillis: 10_000 });
  client.on('error', () => undefined); // a connection that breaks here fails the question
  try {
    await client.connect();
    const { rows } = await client.query<{ ms: string }>('SELECT (extract(epoch FROM clock_timestamp()) * 1000)::text AS ms');
    return Number(rows[0]?.ms);
  } catch (error) {
    throw asUnavailable(error);
  } finally {
    await client.end();
  }
}
