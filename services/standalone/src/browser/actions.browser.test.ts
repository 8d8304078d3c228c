import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { DemoPage } from './demo-page.fixture.ts';
import { openChat, shownTexts, write } from './page-actions.fixture.ts';

let demo: DemoPage;

beforeAll(async () => {
  demo = await DemoPage.start(inject);
});
afterAll(() => demo?.[Symbol.asyncDispose]());

test('[W8] a role, a removal, a new owner and the end of a chat show on every screen, with what each may do then', async () => {
  await demo.api.createGroup('ann', ['bob', 'cat'], 'Ringers');
  const tabs = await Promise.all(['ann', 'bob', 'cat'].map((user) => demo.open(user)));
  const [ann, bob, cat] = tabs.map(({ page }) => page);
  if (ann === undefined || bob === undefined || cat === undefined) throw new Error('no pages');
  for (const page of [ann, bob, cat]) await openChat(page, 'Ringers');
  for (const page of [ann, bob]) await page.getByRole('button', { name: 'Details', exact: true }).click();
  await bob.getByText('3 members').last().waitFor();
  expect(await bob.getByRole('button', { name: 'Remove cat' }).count()).toBe(0);
  await ann.getByLabel('Role of bob').selectOption('admin');
  await bob.getByRole('button', { name: 'Remove cat' }).click();
  await cat.getByText('You were removed from this chat').waitFor();
  await ann.getByText('2 members').last().waitFor();
  await ann.getByLabel('Role of bob').selectOption('owner');
  await bob.getByLabel('Role of ann').waitFor();
  await ann.getByLabel('Role of bob').waitFor({ state: 'detached' });
  await bob.getByRole('button', { name: 'Delete the chat' }).click();
  await bob.getByRole('dialog').getByRole('button', { name: 'Delete', exact: true }).click();
  for (const page of [ann, bob]) await page.getByText('This chat was deleted').waitFor();
  await ann.getByRole('navigation').getByRole('button', { name: 'Ringers' }).waitFor({ state: 'detached' });
  for (const { page } of tabs) await page.context().close();
  expect(tabs.flatMap(({ faults }) => faults)).toEqual([]);
});

test('[W4] a message that is refused says why; tried again it is sent once, discarded it is gone', async () => {
  const chat = await demo.api.createGroup('dan', ['bob'], 'Refusals');
  const { page } = await demo.open('dan');
  await openChat(page, 'Refusals');
  const problem = { type: 'about:blank', title: 'Refused', status: 422, code: 'validation_failed', detail: 'Not today' };
  const refuse = () =>
    page.route('**/messages', (route) => route.fulfill({ status: 422, contentType: 'application/problem+json', json: problem }));
  await refuse();
  await write(page, 'again');
  await page.getByText('Not sent: Not today').waitFor();
  await page.unroute('**/messages');
  await page.getByRole('button', { name: 'Try again' }).click();
  await expect.poll(() => shownTexts(page)).toEqual(['again']);
  await refuse();
  await write(page, 'never');
  await expect.poll(() => shownTexts(page)).toEqual(['again', 'never | failed']);
  await page.getByRole('button', { name: 'Discard' }).click();
  await expect.poll(() => shownTexts(page)).toEqual(['again']);
  const { messages } = await demo.api.expect<{ messages: unknown[] }>('dan', 'GET', `/v1/chats/${chat.id}/messages`);
  expect(messages).toHaveLength(1);
  await page.context().close();
});

test('[W9] a chosen theme outlives a reload; an address on the web is sent as what it is shown as, and stays a link if nothing loads', async () => {
  await demo.api.createGroup('eve', ['bob'], 'Links');
  const { page } = await demo.open('eve', { colorScheme: 'light' });
  await page.getByRole('button', { name: 'Dark theme' }).click();
  const background = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  const dark = await background();
  await page.reload();
  await page.getByRole('button', { name: 'Light theme' }).waitFor();
  expect(await background()).toBe(dark);
  await openChat(page, 'Links');
  await page.getByRole('button', { name: 'Attach' }).click();
  await page.getByLabel('Or an address on the web').fill('https://nowhere.invalid/bell.png');
  await page.getByLabel('Shown as').selectOption('Photo');
  await page.getByRole('dialog').getByRole('button', { name: 'Send' }).click();
  const sent = page.locator('.message[data-seq] a[href="https://nowhere.invalid/bell.png"]');
  await sent.filter({ hasText: 'bell.png' }).waitFor();
  await page.context().close();
});
