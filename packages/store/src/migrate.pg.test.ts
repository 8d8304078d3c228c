import { silentLogger } from '@carillon/runtime';
import { createTestDatabase } from '@carillon/testkit';
import pg from 'pg';
import { describe, expect, inject, test } from 'vitest';
import { migrate } from './migrate.ts';

/** What a run of the migrations leaves, whatever their order: tables and columns. */
async function columns(url: string): Promise<number> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    const found = await client.query("SELECT 1 FROM information_schema.columns WHERE table_schema = 'public'");
    return found.rowCount ?? 0;
  } finally {
    await client.end();
  }
}

describe('migrate', () => {
  test('two that start together both succeed, and again there is nothing to do', async () => {
    const empty = async () => undefined;
    await using database = await createTestDatabase(inject('postgresUrl'), empty, `carillon_empty_${process.pid}`);
    expect(await columns(database.url)).toBe(0);
    const run = () => migrate({ url: database.url, logger: silentLogger });
    await Promise.all([run(), run(), run()]);
    const made = await columns(database.url);
    expect(made).toBeGreaterThan(40);
    await run();
    expect(await columns(database.url)).toBe(made);
  });

  test('a Postgres that is away is `unavailable`', async () => {
    await expect(migrate({ url: 'postgres://nobody@127.0.0.1:1/none', logger: silentLogger })).rejects.toMatchObject({
      code: 'unavailable',
    });
  });
});
