import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { usersOnShards } from '../e2e/test-cluster.ts';
import { DemoPage, type Tab } from './demo-page.fixture.ts';
import { hostileTexts } from './hostile-texts.fixture.ts';
import { openChat, shownTexts, storedTexts, write } from './page-actions.fixture.ts';

/** So tall that every message of a test is in view, and so on the page. */
const tall = { viewport: { width: 1100, height: 2_400 } };
let demo: DemoPage;

beforeAll(async () => {
  demo = await DemoPage.start(inject);
});
afterAll(() => demo?.[Symbol.asyncDispose]());

async function close(...tabs: readonly Tab[]): Promise<void> {
  for (const { page } of tabs) await page.context().close();
  expect(tabs.flatMap(({ faults }) => faults)).toEqual([]);
}

test('[W1] [W3] two users on two shards chat; a shard is killed while both write; both screens are what Postgres has', async () => {
  const [ann = '', bob = ''] = await usersOnShards(demo.api, ['shard-0', 'shard-1']);
  const chat = await demo.api.createGroup(ann, [bob], 'Two shards');
  const tabs = await Promise.all([ann, bob].map((user) => demo.open(user, tall)));
  const pages = tabs.map(({ page }) => page);
  for (const page of pages) await openChat(page, 'Two shards');
  await Promise.all(pages.map((page) => page.getByText('Live', { exact: true }).waitFor()));
  const texts = (side: number) => [...Array(8).keys()].map((number) => `side ${side}, message ${number}`);
  const writing = pages.map(async (page, side) => {
    for (const text of texts(side)) {
      await write(page, text);
      if (side === 0 && text.endsWith('message 2')) demo.cluster.shards[1]?.process.signal('SIGKILL');
    }
  });
  await Promise.all(writing);
  for (const [index, page] of pages.entries()) {
    await expect.poll(() => shownTexts(page), { timeout: 30_000, message: `side ${index}` }).toEqual(await allStored(ann, chat.id, 16));
  }
  const stored = await storedTexts(demo.api, ann, chat.id);
  for (const side of [0, 1]) expect(stored.filter((text) => text?.startsWith(`side ${side}`))).toEqual(texts(side));
  await close(...tabs);
  await demo.cluster.startShard(1);
});

async function allStored(userId: string, chatId: string, count: number): Promise<(string | null)[]> {
  await expect.poll(async () => (await storedTexts(demo.api, userId, chatId)).length, { timeout: 30_000 }).toBe(count);
  return storedTexts(demo.api, userId, chatId);
}

test('[W4] offline a message waits, also over a reload; back online everything comes, once', async () => {
  const [ann = '', bob = ''] = await usersOnShards(demo.api, ['shard-0', 'shard-0']);
  const chat = await demo.api.createGroup(ann, [bob], 'A tunnel');
  const tab = await demo.open(ann, tall);
  const { page } = tab;
  await openChat(page, 'A tunnel');
  await write(page, 'before');
  await expect.poll(() => shownTexts(page)).toEqual(['before']);
  await page.context().setOffline(true);
  await tab.cutSocket();
  await page.getByText('Offline', { exact: true }).waitFor();
  await write(page, 'in the tunnel');
  await demo.api.sendText(bob, chat.id, crypto.randomUUID(), 'meanwhile');
  await expect.poll(() => shownTexts(page)).toEqual(['before', expect.stringMatching(/^in the tunnel \| (queued|sending)$/)]);
  await page.context().setOffline(false);
  await page.getByText('Live', { exact: true }).waitFor();
  await expect.poll(() => shownTexts(page)).toEqual(await allStored(ann, chat.id, 3));

  // The page comes again while the API takes no message: what was queued is there, and leaves as soon as it may.
  await page.route('**/messages', (route) => (route.request().method() === 'POST' ? route.abort() : route.continue()));
  await write(page, 'kept over a reload');
  await expect.poll(() => shownTexts(page)).toContainEqual(expect.stringMatching(/^kept over a reload \| (queued|sending)$/));
  await page.reload();
  await openChat(page, 'A tunnel');
  await expect.poll(() => shownTexts(page)).toContainEqual(expect.stringMatching(/^kept over a reload \| (queued|sending)$/));
  await page.unroute('**/messages');
  await expect.poll(() => shownTexts(page)).toEqual(await allStored(ann, chat.id, 4));
  expect((await storedTexts(demo.api, ann, chat.id)).filter((text) => text === 'kept over a reload')).toHaveLength(1);
  await close(tab);
});

test('[W2] whatever is written anywhere is shown as it was written and does nothing; what turns the direction of text is left out', async () => {
  const [ann = '', bob = ''] = await usersOnShards(demo.api, ['shard-0', 'shard-1']);
  const chat = await demo.api.createGroup(ann, [bob], 'Hostile');
  for (const [index, text] of hostileTexts.entries()) await demo.api.sendText(bob, chat.id, `hostile-${index}`, text);
  await demo.api.sendText(bob, chat.id, 'turned', 'gpj.\u202eexe\u2066');
  const attachment = { type: 'file', file_url: 'https://example.org/x', name: hostileTexts[1], mime_type: hostileTexts[2] };
  await demo.api.expect(bob, 'POST', `/v1/chats/${chat.id}/messages`, {
    client_message_id: 'file',
    type: 'text',
    attachments: [attachment],
  });
  const tab = await demo.open(ann, tall);
  const { page } = tab;
  await openChat(page, 'Hostile');
  await page
    .getByText(hostileTexts[1] ?? '')
    .last()
    .waitFor();
  for (const text of hostileTexts) await revealed(tab, text);
  await revealed(tab, 'gpj.exe');
  expect(await page.locator('.timeline a').evaluateAll((links) => links.map((link) => link.getAttribute('rel')))).toEqual(
    Array(2).fill('noopener noreferrer nofollow ugc'),
  );
  // Every field of the page that shows what someone wrote: composer, edit, title, names, search.
  await write(page, hostileTexts[0] ?? '');
  await page.locator('.message--own[data-seq]').waitFor();
  await page.keyboard.press('ArrowUp');
  await page.getByLabel('Edit the message').fill(hostileTexts[1] ?? '');
  await page.keyboard.press('Enter');
  await page.getByText('edited', { exact: true }).waitFor();
  await page.getByRole('button', { name: 'Details', exact: true }).click();
  await page.getByLabel('Title', { exact: true }).fill(hostileTexts[2] ?? '');
  await page.getByRole('button', { name: 'Save', exact: true }).click();
  await page.getByRole('heading', { name: hostileTexts[2] ?? '', exact: true }).waitFor();
  await page.getByLabel('Names to add').fill(`<img/src=x/onerror=window.hurt=1>`);
  await page.getByRole('button', { name: 'Add', exact: true }).click();
  await page.getByText('<img/src=x/onerror=window.hurt=1>', { exact: true }).waitFor();
  await page.getByLabel('Find a chat').fill(hostileTexts[2] ?? '');
  await page
    .getByRole('navigation')
    .getByRole('button', { name: hostileTexts[2] ?? '' })
    .waitFor();
  expect(await page.evaluate(() => Reflect.get(window, 'hurt'))).toBeUndefined();
  await close(tab);
});

/** Scrolled to where it is, a message's text is exactly this. */
async function revealed({ page }: Tab, text: string): Promise<void> {
  const shown = page.locator('.message-text').filter({ hasText: text });
  await expect.poll(async () => (await shown.allTextContents()).includes(text), { message: text }).toBe(true);
}
