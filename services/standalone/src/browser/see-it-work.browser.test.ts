import { devTokenSchema, ticketSchema } from '@carillon/protocol';
import { createLogger, StartError } from '@carillon/runtime';
import { createTestDatabase, freePorts } from '@carillon/testkit';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { readOptions } from '../options.ts';
import { demandFreePorts } from '../ports.ts';
import { Standalone } from '../standalone.ts';
import { axeFaults } from './axe-faults.fixture.ts';

const owned: AsyncDisposable[] = [];
let browser: Browser;
let url: string;

/** What `npm start` runs, on a database of its own; heartbeats every second tell of a lost last frame sooner. */
beforeAll(async () => {
  const database = await createTestDatabase(inject('postgresUrl'), async () => undefined, `see_it_work_${process.pid}`);
  owned.push(database);
  const [port = 0, adminPort = 0] = await freePorts(2);
  const args = ['--port', `${port}`, '--admin-port', `${adminPort}`, '--shard-port', `${await firstOfTwoPorts()}`];
  const env = { DATABASE_URL: database.url, HEARTBEAT_MS: '1000' };
  const logger = createLogger({ level: 'silent', pretty: false, name: 'test' });
  const options = readOptions(args, env);
  if (typeof options === 'string') throw new Error('these are options of a start');
  const standalone = new Standalone(options, { logger, env, announce: () => undefined, print: () => undefined });
  owned.push({ [Symbol.asyncDispose]: () => standalone.stop() });
  await standalone.start();
  url = `http://127.0.0.1:${port}`;
  browser = await chromium.launch({ executablePath: inject('chromium'), args: ['--no-sandbox'] });
  owned.push({ [Symbol.asyncDispose]: () => browser.close() });
});
afterAll(async () => {
  for (const part of owned.reverse()) await part[Symbol.asyncDispose]();
});

/** Shards listen on ports that follow one another. */
async function firstOfTwoPorts(): Promise<number> {
  for (;;) {
    const [port = 0] = await freePorts(1);
    try {
      await demandFreePorts('127.0.0.1', [{ port: port + 1, setBy: 'the test' }]);
      return port;
    } catch (error) {
      if (!(error instanceof StartError)) throw error;
    }
  }
}

test('[E6] [W6] two users on two shards: whatever is disturbed while both write, both sides equal Postgres again', async () => {
  const page = await browser.newPage({ viewport: { width: 1400, height: 860 } });
  const faults: string[] = [];
  page.on('pageerror', (error) => faults.push(String(error)));
  page.on('console', (message) => {
    if (/Content.Security.Policy|Trusted ?Type|Uncaught/i.test(message.text())) faults.push(message.text());
  });
  await page.goto(`${url}/?user=ann&with=${await neighbourOf('ann')}`);
  await page.getByText('Both sides equal Postgres').waitFor();
  const shards = await page.locator('.side-by-side__shard').allTextContents();
  expect(new Set(shards).size).toBe(2);

  await disturb(page, 'Cut my socket');
  expect(await counted(page, 'ann', 'Connects')).toBe(1);

  await disturb(page, 'Kill my shard');
  expect(await counted(page, 'ann', 'Connects')).toBeGreaterThanOrEqual(1);

  await disturb(page, 'Pause delivery');
  expect(await counted(page, 'ann', 'Fetched')).toBeGreaterThan(0);
  // What was fetched meanwhile is pushed once the pause is over.
  await expect.poll(() => counted(page, 'ann', 'Doubles')).toBeGreaterThan(0);

  await disturb(page, 'Lose every third frame');
  expect(await counted(page, 'ann', 'Lost')).toBeGreaterThan(2);
  expect(await counted(page, 'ann', 'Fetched')).toBeGreaterThan(0);
  await expect.poll(() => counted(page, 'ann', 'Gaps')).toBe(0);
  await expectWay(page);
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme });
    expect(await axeFaults(page)).toEqual([]);
  }
  expect(faults).toEqual([]);
});

/** Somebody who would be on the same shard, if neither asked for another one. */
async function neighbourOf(userId: string): Promise<string> {
  const shardId = await shardOf(userId);
  for (let n = 0; ; n += 1) if ((await shardOf(`bob-${n}`)) === shardId) return `bob-${n}`;
}

async function shardOf(userId: string): Promise<string> {
  const { token } = devTokenSchema.parse(await post('dev/tokens', { user_id: userId }));
  return ticketSchema.parse(await post('tickets', {}, token)).shard_id;
}

async function post(path: string, body: object, token?: string): Promise<unknown> {
  const authorization = token === undefined ? {} : { authorization: `Bearer ${token}` };
  const headers = { 'content-type': 'application/json', ...authorization };
  const answer = await fetch(`${url}/v1/${path}`, { method: 'POST', headers, body: JSON.stringify(body) });
  return answer.json();
}

async function disturb(page: Page, fault: string): Promise<void> {
  await page.getByRole('button', { name: fault }).click();
  await page.locator('.faults__line--disturbing').waitFor();
  await page.getByText(/^(Repaired|Not repaired)/).waitFor({ timeout: 60_000 });
  expect(await page.getByText(/^(Repaired|Not repaired)/).textContent()).toMatch(/^Repaired .*: [1-9]\d* messages are equal$/);
}

/** A number of the table: that user's row, that column. */
async function counted(page: Page, userId: string, column: string): Promise<number> {
  const columns = await page.locator('.counts thead th').allTextContents();
  const cells = await page.locator(`.counts tr[data-user="${userId}"] td`).allTextContents();
  return Number(cells[columns.indexOf(column)]);
}

async function expectWay(page: Page): Promise<void> {
  const row = page.locator('.ways__row', { hasText: 'message.created' }).first();
  await row.getByText(/^partition \d+, offset \d+ → shard-\d+/).waitFor();
  await expect.poll(() => row.locator('.ways__stage').allTextContents()).toEqual(Array(4).fill(expect.stringMatching(/^\d+$/)));
  await row.getByText(/^\d+ ms$/).waitFor();
  await page
    .locator('.frames__type', { hasText: /^message\.created #\d+$/ })
    .first()
    .waitFor();
}
