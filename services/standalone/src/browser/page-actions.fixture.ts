import type { ApiClient } from '@carillon/testkit';
import type { Page } from 'playwright-core';

/** What a person does on the page, and what that person sees. */

export async function openChat(page: Page, name: string): Promise<void> {
  await page.getByRole('navigation', { name: 'Chats' }).getByRole('button', { name }).click();
  await page.getByRole('heading', { name, level: 2 }).waitFor();
}

export async function write(page: Page, text: string): Promise<void> {
  await page.getByLabel('Message', { exact: true }).fill(text);
  await page.keyboard.press('Enter');
}

/** The texts of the messages on the screen, in their order; pending ones with their state. */
export function shownTexts(page: Page): Promise<string[]> {
  return page
    .locator('.message')
    .evaluateAll((messages) =>
      messages.map((message) =>
        [message.querySelector('.message-text')?.textContent ?? '', message.getAttribute('data-state')].filter(Boolean).join(' | '),
      ),
    );
}

type StoredMessage = { readonly text: string | null; readonly seq: number };

/** The newest messages of a chat, as Postgres has them. */
export async function storedTexts(api: ApiClient, userId: string, chatId: string): Promise<(string | null)[]> {
  const { messages } = await api.expect<{ messages: StoredMessage[] }>(userId, 'GET', `/v1/chats/${chatId}/messages?limit=100`);
  return messages.map(({ text }) => text);
}
