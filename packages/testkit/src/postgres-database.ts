import { randomBytes } from 'node:crypto';
import pg from 'pg';

export type TestDatabase = AsyncDisposable & { readonly url: string; readonly name: string };

/** One key for all test runs on a server: only the making of templates and clones waits for it. */
const lockKey = 7_002;

/**
 * A database of its own for a test file, cloned from a template that `prepare` (the migrations) filled once per server and
 * test run; dropped on dispose. Safe in parallel test files: an advisory lock lets one make the template.
 */
export async function createTestDatabase(
  adminUrl: string,
  prepare: (url: string) => Promise<void>,
  template = templateName(),
): Promise<TestDatabase> {
  const name = `test_${randomBytes(6).toString('hex')}`;
  await withAdmin(adminUrl, async (admin) => {
    await admin.query('SELECT pg_advisory_lock($1)', [lockKey]); // ends with the session
    await makeTemplate(admin, adminUrl, template, prepare);
    await admin.query(`CREATE DATABASE ${name} TEMPLATE ${template}`);
  });
  const drop = () => withAdmin(adminUrl, async (admin) => void (await admin.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`)));
  return { url: withDatabase(adminUrl, name), name, [Symbol.asyncDispose]: drop };
}

/** Made under another name first: an interrupted run leaves no half-filled template. A run's workers share their parent. */
async function makeTemplate(admin: pg.Client, adminUrl: string, template: string, prepare: (url: string) => Promise<void>): Promise<void> {
  const found = await admin.query('SELECT 1 FROM pg_database WHERE datname = $1', [template]);
  if (found.rowCount !== 0) return;
  await dropEndedTemplates(admin);
  const draft = `${template}_draft`;
  await admin.query(`DROP DATABASE IF EXISTS ${draft} WITH (FORCE)`);
  await admin.query(`CREATE DATABASE ${draft}`);
  await prepare(withDatabase(adminUrl, draft));
  await admin.query(`ALTER DATABASE ${draft} RENAME TO ${template}`);
}

/** Runs that ended leave their template on a server that lives on. */
async function dropEndedTemplates(admin: pg.Client): Promise<void> {
  const found = await admin.query<{ datname: string }>("SELECT datname FROM pg_database WHERE datname ~ '^carillon_template_[0-9]+'");
  for (const { datname } of found.rows) {
    if (!isRunning(Number(/\d+/.exec(datname)?.[0]))) await admin.query(`DROP DATABASE IF EXISTS ${datname} WITH (FORCE)`);
  }
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

function templateName(): string {
  return `carillon_template_${process.ppid}`;
}

async function withAdmin(adminUrl: string, work: (admin: pg.Client) => Promise<void>): Promise<void> {
  const admin = new pg.Client({ connectionString: adminUrl });
  await admin.connect();
  try {
    await work(admin);
  } finally {
    await admin.end();
  }
}

function withDatabase(adminUrl: string, name: string): string {
  const url = new URL(adminUrl);
  url.pathname = `/${name}`;
  return url.href;
}
