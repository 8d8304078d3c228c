import { readFileSync } from 'node:fs';
import { silentLogger } from '@carillon/runtime';
import { createTestDatabase } from '@carillon/testkit';
import pg from 'pg';
import { expect, inject, test } from 'vitest';
import { migrate } from './migrate.ts';

test('[H4] what OPERATIONS.md says to run after a logical restore leaves no transaction id of the old server', async () => {
  const guide = readFileSync(new URL('../../../docs/OPERATIONS.md', import.meta.url), 'utf8');
  const [, statements = ''] = /```sql\n([\s\S]*?)```/.exec(guide) ?? [];
  await using database = await createTestDatabase(inject('postgresUrl'), (url) => migrate({ url, logger: silentLogger }));
  const client = new pg.Client({ connectionString: database.url });
  await client.connect();
  try {
    const { rows: columns } = await client.query<{ table: string; column: string }>(
      `SELECT table_name AS table, column_name AS column FROM information_schema.columns WHERE table_schema = 'public' AND udt_name = 'xid8'`,
    );
    expect(columns.length).toBeGreaterThan(3);
    for (const { table, column } of columns) expect(statements).toMatch(new RegExp(`UPDATE ${table} SET .*\\b${column} = `));
    await client.query(statements);
  } finally {
    await client.end();
  }
});
