import { chmodSync, mkdirSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { exitOnStartError } from '@carillon/runtime';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { announceOnStderr } from '../announce-on-stderr.ts';
import { ApiClient } from '../api-client.ts';
import { freePorts } from '../free-ports.ts';
import { removeAtExit } from '../process-cleanup.ts';
import { provideChromium } from '../provision.ts';
import { Terminal } from '../terminal.ts';

/** `npm run screenshots`: the pictures of the demo in docs/images, taken from `npm start` on an empty data folder. */

const folder = fileURLToPath(new URL('../../../../docs/images/', import.meta.url));
const desktop = { width: 1180, height: 740 };
const phone = { width: 390, height: 780 };

type Sent = readonly [userId: string, text: string];

const others: readonly (readonly [title: string, members: readonly string[], messages: readonly Sent[]])[] = [
  ['Sunday service', ['bob', 'carol', 'dave'], [['dave', 'Who rings the treble?']]],
  [
    'Tower maintenance',
    ['frank', 'erin'],
    [
      ['frank', 'The clapper of number four is fixed'],
      ['erin', 'Then we can ring all eight again'],
    ],
  ],
];

try {
  const executablePath = await provideChromium(announceOnStderr);
  const [api = 0, shard = 0, , admin = 0] = await freePorts(4);
  const dataDir = mkdtempSync(join(tmpdir(), 'carillon-pictures-'));
  removeAtExit(dataDir);
  // Postgres runs as another user when this runs as root.
  chmodSync(dataDir, 0o755);
  await using server = new Terminal(
    `npm start -- --port ${api} --shard-port ${shard} --shards 1 --admin-port ${admin} --data-dir ${dataDir}`,
  );
  await server.prints(/^ {2}demo /m);
  const client = new ApiClient(`http://127.0.0.1:${api}`);
  await furnish(client);
  mkdirSync(folder, { recursive: true });
  const browser = await chromium.launch({ executablePath, args: ['--no-sandbox', '--hide-scrollbars'] });
  try {
    for (const [name, take] of Object.entries(pictures(browser, client.url))) {
      await take(join(folder, `demo-${name}.png`));
      process.stdout.write(`docs/images/demo-${name}.png\n`);
    }
  } finally {
    await browser.close();
  }
  server.signal('SIGTERM');
  await server.exit();
} catch (error) {
  exitOnStartError(error);
}

function pictures(browser: Browser, url: string): Record<string, (path: string) => Promise<void>> {
  const take = (options: BrowserContextOptions, act: (page: Page) => Promise<void>) => async (path: string) => {
    const page = await browser.newPage({ locale: 'en-GB', ...options });
    await page.goto(`${url}/?user=alice`);
    await page.getByText('Live', { exact: true }).waitFor();
    await act(page);
    await page.screenshot({ path, animations: 'disabled' });
    await page.close();
  };
  const open = async (page: Page, name: string, last: string) => {
    await page.getByRole('navigation', { name: 'Chats' }).getByRole('button', { name }).click();
    await page.locator('.timeline').getByText(last).waitFor();
    await page.evaluate(() => Reflect.get(globalThis, 'document').activeElement.blur());
    await page.mouse.move(0, 0);
  };
  const lastInGroup = 'See you under the tower';
  return {
    light: take({ viewport: desktop, colorScheme: 'light' }, (page) => open(page, 'Bell ringers', lastInGroup)),
    dark: take({ viewport: desktop, colorScheme: 'dark' }, async (page) => {
      await open(page, 'Bell ringers', lastInGroup);
      await page.getByRole('button', { name: 'Details', exact: true }).click();
      await page.getByText('3 members').last().waitFor();
    }),
    phone: take({ viewport: phone, colorScheme: 'light', isMobile: true, hasTouch: true }, (page) =>
      open(page, 'Bell ringers', lastInGroup),
    ),
    'phone-overview': take({ viewport: phone, colorScheme: 'dark', isMobile: true, hasTouch: true }, async (page) => {
      await page.getByRole('navigation').getByRole('button', { name: /^erin/ }).waitFor();
    }),
  };
}

/** A world that looks as one does after a day of use. */
async function furnish(client: ApiClient): Promise<void> {
  const overview = await client.expect<{ chats: { id: string; title: string | null }[] }>('alice', 'GET', '/v1/chats');
  const group = overview.chats.find(({ title }) => title === 'Bell ringers')?.id ?? '';
  for (const [title, members, messages] of others) {
    const chat = await client.createGroup('alice', members, title);
    await sendAll(client, chat.id, messages);
  }
  for (const user of ['dave', 'erin']) {
    const chat = await client.createDirect(user, 'alice');
    await sendAll(client, chat.id, [[user, user === 'dave' ? 'Did you hear the new tenor bell?' : 'Thank you!']]);
  }
  const picture = await upload(client);
  await sendAll(client, group, [
    ['bob', 'Good morning! The new ropes have come.'],
    ['carol', 'Lovely. How do they feel?'],
    ['bob', 'Soft as a cat. Sallies in green and gold, as you wanted: https://example.org/ropes'],
  ]);
  const attachments = [{ type: 'image', file_url: picture, name: 'The tower at dawn', width: 640, height: 300, mime_type: 'image/png' }];
  await send(client, 'alice', group, { type: 'text', text: 'And the tower at dawn today', attachments });
  await sendAll(client, group, [['carol', 'What a sight. Practice at seven, then?']]);
  await send(client, 'bob', group, { type: 'voice', attachments: [{ type: 'voice', file_url: picture, duration_ms: 12_000 }] });
  const sticker = { type: 'sticker', file_url: `${client.url}/stickers/bell.svg`, name: 'bell', width: 160, height: 160 };
  await send(client, 'carol', group, { type: 'sticker', attachments: [sticker] });
  await sendAll(client, group, [['alice', 'See you under the tower']]);
}

async function sendAll(client: ApiClient, chatId: string, messages: readonly Sent[]): Promise<void> {
  for (const [userId, text] of messages) await send(client, userId, chatId, { type: 'text', text });
}

async function send(client: ApiClient, userId: string, chatId: string, content: object): Promise<void> {
  await client.expect(userId, 'POST', `/v1/chats/${chatId}/messages`, { client_message_id: crypto.randomUUID(), ...content });
}

/** A picture that is drawn here: no file of a stranger lies in the repository. */
async function upload(client: ApiClient): Promise<string> {
  const browser = await chromium.launch({ executablePath: await provideChromium(announceOnStderr), args: ['--no-sandbox'] });
  const page = await browser.newPage({ viewport: { width: 640, height: 300 } });
  await page.setContent(`<body style="margin:0"><svg viewBox="0 0 640 300" width="640" height="300">
    <defs><linearGradient id="s" x2="0" y2="1"><stop stop-color="#27476e"/><stop offset=".6" stop-color="#e8a87c"/><stop offset="1" stop-color="#f6d7a7"/></linearGradient></defs>
    <path fill="url(#s)" d="M0 0h640v300H0z"/><circle cx="470" cy="214" r="34" fill="#fff1cf"/>
    <path fill="#7b6a7d" opacity=".7" d="M0 232c120-40 200-10 300-20s220-30 340 6v82H0z"/>
    <path fill="#2d2f45" d="M226 300V120l34-62 34 62v180zm-150 0v-60h150v60z"/><path fill="#f6d7a7" d="M250 140h20v26h-20zm0 44h20v26h-20z"/>
    <path fill="#22243a" d="M0 268c160-26 420-20 640-4v36H0z"/></svg></body>`);
  const body = await page.screenshot();
  await browser.close();
  const headers = { authorization: `Bearer ${await client.token('alice')}`, 'content-type': 'image/png' };
  const answer = await fetch(`${client.url}/v1/dev/files`, { method: 'POST', headers, body: new Uint8Array(body) });
  return `${client.url}${String(Reflect.get((await answer.json()) as object, 'path'))}`;
}
