import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { axeFaults } from './axe-faults.fixture.ts';
import { DemoPage } from './demo-page.fixture.ts';
import { openChat, shownTexts } from './page-actions.fixture.ts';

let demo: DemoPage;

beforeAll(async () => {
  demo = await DemoPage.start(inject);
});
afterAll(() => demo?.[Symbol.asyncDispose]());

test.each(['light', 'dark'] as const)(
  '[W6] sign-in, overview, chat, details and dialogs have no fault that axe finds: %s',
  async (colorScheme) => {
    const [user, other] = [`ann-${colorScheme}`, `bob-${colorScheme}`];
    const chat = await demo.api.createGroup(user, [other], 'Bells');
    const sticker = { type: 'sticker', file_url: `https://example.org/x.svg`, name: 'bell' };
    const voice = { type: 'voice', file_url: 'https://example.org/x.webm', duration_ms: 3_000 };
    const send = (type: string, attachment: object) =>
      demo.api.expect(other, 'POST', `/v1/chats/${chat.id}/messages`, { client_message_id: type, type, attachments: [attachment] });
    await demo.api.sendText(other, chat.id, 'text', 'See https://example.org');
    await send('voice', voice);
    await send('sticker', sticker);
    const { page, faults } = await demo.open('', { colorScheme });
    await page.getByLabel('Your name').waitFor();
    await expectNoFaults(page);
    await page.getByLabel('Your name').fill(user);
    await page.keyboard.press('Enter');
    await page.getByRole('button', { name: 'Bells' }).waitFor();
    await expectNoFaults(page);
    await openChat(page, 'Bells');
    await page.getByLabel('Message', { exact: true }).fill('An answer');
    await page.keyboard.press('Enter');
    await page.getByRole('button', { name: 'Details', exact: true }).click();
    await page.getByText('2 members').last().waitFor();
    await expectNoFaults(page);
    await page.getByRole('button', { name: 'New chat' }).click();
    await expectNoFaults(page);
    expect(faults).toEqual([]);
    await page.context().close();
  },
);

test('[W6] without a mouse: sign in, open a chat, write, correct it, delete it', async () => {
  await demo.api.createGroup('kim', ['bob'], 'Keys');
  const { page } = await demo.open('');
  await page.getByLabel('Your name').waitFor();
  await page.keyboard.type('kim');
  await page.keyboard.press('Enter');
  await page.getByRole('button', { name: 'Keys' }).waitFor();
  await tabTo(page, /^Keys/);
  await page.keyboard.press('Enter');
  await page.getByLabel('Message', { exact: true }).waitFor();
  await expect.poll(() => focused(page)).toBe('Message');
  await page.keyboard.type('teh bells');
  await page.keyboard.press('Enter');
  await page.locator('.message[data-seq]').waitFor();
  await page.keyboard.press('ArrowUp');
  await expect.poll(() => focused(page)).toBe('Edit the message');
  await page.keyboard.press('Control+A');
  await page.keyboard.type('the bells');
  await page.keyboard.press('Enter');
  await page.getByText('edited', { exact: true }).waitFor();
  expect(await shownTexts(page)).toEqual(['the bells']);
  await page.locator('.message').focus();
  await tabTo(page, /^Delete$/);
  await page.keyboard.press('Enter');
  await page.getByRole('dialog').waitFor();
  await tabTo(page, /^Delete$/);
  await page.keyboard.press('Enter');
  await page.getByText('Message deleted').first().waitFor();
  await page.context().close();
});

/** Presses Tab until the focus is on what is called so. */
async function tabTo(page: Page, name: RegExp): Promise<void> {
  for (let presses = 0; presses < 30; presses += 1) {
    await page.keyboard.press('Tab');
    if (name.test(await focused(page))) return;
  }
  throw new Error(`Tab does not reach ${name}`);
}

function focused(page: Page): Promise<string> {
  return page.evaluate(() => {
    const element = document.activeElement;
    return element?.getAttribute('aria-label') ?? element?.querySelector('.chat-row__name')?.textContent ?? element?.textContent ?? '';
  });
}

async function expectNoFaults(page: Page): Promise<void> {
  expect(await axeFaults(page)).toEqual([]);
}
