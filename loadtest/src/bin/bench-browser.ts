import { chmodSync, mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { exitOnStartError, StartError } from '@carillon/runtime';
import { ApiClient, announceOnStderr, freePorts, provideChromium, removeAtExit, Terminal } from '@carillon/testkit';
import { type CDPSession, chromium, type Page } from 'playwright-core';
import { type FrameResult, frameResult } from '../browser/frames.ts';

const rate = 200;
const warmUpSeconds = 3;
const seconds = 10;

const usage = `npm run bench:browser: the demo of npm start in Chromium, with a chat open into which others write ${rate} messages a second
for ${seconds} seconds, after ${warmUpSeconds}. Told: the time between frames, as the page's requestAnimationFrame sees it, and the main thread's work.
The result goes to loadtest/results/browser.json.
`;
const announce = (text: string) => void process.stderr.write(`bench: ${text}\n`);

try {
  if (asksForHelp()) process.stdout.write(usage);
  else await runAndTell();
} catch (error) {
  exitOnStartError(error);
}

function asksForHelp(): boolean {
  try {
    return parseArgs({ options: { help: { type: 'boolean' } }, strict: true }).values.help === true;
  } catch (error) {
    throw new StartError(`${error instanceof Error ? error.message : String(error)}\n\n${usage}`);
  }
}

async function runAndTell(): Promise<void> {
  const result = await run();
  mkdirSync('loadtest/results', { recursive: true });
  writeFileSync('loadtest/results/browser.json', `${JSON.stringify(result, undefined, 2)}\n`);
  process.stdout.write(`${table(result)}\n`);
}

async function run(): Promise<FrameResult> {
  const executablePath = await provideChromium(announceOnStderr);
  const [api = 0, shard = 0, , admin = 0] = await freePorts(4);
  const dataDir = mkdtempSync(join(tmpdir(), 'carillon-bench-'));
  removeAtExit(dataDir);
  // Postgres runs as another user when this runs as root.
  chmodSync(dataDir, 0o755);
  const flags = `--port ${api} --shard-port ${shard} --shards 1 --admin-port ${admin} --data-dir ${dataDir}`;
  announce('starting Carillon …');
  await using server = new Terminal(`npm start -- ${flags}`);
  await server.prints(/^ {2}demo /m);
  const client = new ApiClient(`http://127.0.0.1:${api}`);
  const chat = await client.createGroup('alice', ['bob', 'carol'], 'Loud');
  const browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] });
  try {
    const page = await browser.newPage({ viewport: { width: 1100, height: 800 } });
    await page.goto(`${client.url}/?user=alice`);
    await page.getByRole('button', { name: 'Loud' }).click();
    await page.getByLabel('Message', { exact: true }).waitFor();
    const session = await page.context().newCDPSession(page);
    await session.send('Performance.enable');
    announce(`${rate} messages/s for ${warmUpSeconds} + ${seconds} s …`);
    const sending = sendPaced(client, chat.id, rate * (warmUpSeconds + seconds));
    await pause(warmUpSeconds * 1_000);
    const [result] = await Promise.all([measure(page, session), sending]);
    await page.locator(`[data-seq="${rate * (warmUpSeconds + seconds) + 1}"]`).waitFor({ timeout: 10_000 });
    return result;
  } finally {
    await browser.close();
  }
}

/** Each message at its time, at most eight at once: a chat takes no more than it can, and one that falls behind fails the run. */
async function sendPaced(client: ApiClient, chatId: string, count: number): Promise<void> {
  const startedAt = performance.now();
  const numbers = Array(count).keys();
  const writer = async () => {
    for (const number of numbers) {
      const aheadMs = startedAt + (number * 1_000) / rate - performance.now();
      if (aheadMs > 1) await pause(aheadMs);
      const text = `message ${number} ${'of the usual length, which is a line or two '.repeat(1 + (number % 3))}`;
      await client.sendText(number % 2 === 0 ? 'bob' : 'carol', chatId, `m${number}`, text);
    }
  };
  await Promise.all(Array.from({ length: 8 }, writer));
}

async function measure(page: Page, session: CDPSession): Promise<FrameResult> {
  const before = await workOf(session);
  const shownBefore = await shownSeq(page);
  const frames = await page.evaluate((ms) => {
    const now = () => Reflect.get(globalThis, 'performance').now();
    const request = Reflect.get(globalThis, 'requestAnimationFrame');
    return new Promise<number[]>((resolve) => {
      const started = now();
      const times: number[] = [];
      const frame = (time: number) => {
        times.push(time);
        if (now() - started < ms) request(frame);
        else resolve(times);
      };
      request(frame);
    });
  }, seconds * 1_000);
  const work = (await workOf(session)) - before;
  const shown = (await shownSeq(page)) - shownBefore;
  if (shown < 0.9 * rate * seconds) throw new StartError(`only ${shown} of ${rate * seconds} messages were shown: the run says nothing`);
  return frameResult(frames, { messages: shown, busySeconds: work });
}

/** Seconds that the page's main thread has worked. */
async function workOf(session: CDPSession): Promise<number> {
  const { metrics } = await session.send('Performance.getMetrics');
  return metrics.find(({ name }) => name === 'TaskDuration')?.value ?? 0;
}

async function shownSeq(page: Page): Promise<number> {
  return Number(await page.locator('.message[data-seq]').last().getAttribute('data-seq'));
}

function table({ messages, frames, p50Ms, p95Ms, p99Ms, maxMs, lateShare, busyMsPerFrame }: FrameResult): string {
  const ms = (value: number) => `${value.toFixed(1)} ms`;
  return [
    `${messages} messages shown in ${frames} frames`,
    `between frames   p50 ${ms(p50Ms)}   p95 ${ms(p95Ms)}   p99 ${ms(p99Ms)}   max ${ms(maxMs)}   late ${(100 * lateShare).toFixed(2)} %`,
    `main thread      ${ms(busyMsPerFrame)} of work per frame`,
  ].join('\n');
}
