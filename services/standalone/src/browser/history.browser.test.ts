import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { DemoPage } from './demo-page.fixture.ts';
import { copyMessages } from './long-history.fixture.ts';
import { openChat } from './page-actions.fixture.ts';
import { scrollThrough } from './scroll-through.fixture.ts';

const total = 5_000;
/** The chat's first event is its own creation. */
const [first, last] = [2, total + 1];
const upwards = [...Array(total).keys()].map((index) => last - index);
let demo: DemoPage;

beforeAll(async () => {
  demo = await DemoPage.start(inject);
});
afterAll(() => demo?.[Symbol.asyncDispose]());

test('[W5] a history of 5,000 messages is scrolled to its beginning and back: every message once, in order, and what is read stays where it is', async () => {
  const chat = await demo.api.createGroup('ann', ['bob'], 'Long');
  await demo.api.sendText('bob', chat.id, 'first', 'message 1');
  await copyMessages(demo.cluster.databaseUrl, chat.id, total);
  const { page, faults } = await demo.open('ann', { viewport: { width: 1100, height: 2_400 } });
  await openChat(page, 'Long');
  await page.locator(`[data-seq="${last}"]`).waitFor();
  await expectJourney(page, 'up', upwards);
  await expectJourney(page, 'down', upwards.toReversed());
  expect(faults).toEqual([]);
  await page.context().close();
});

async function expectJourney(page: Page, way: 'up' | 'down', expected: readonly number[]): Promise<void> {
  const journey = await page.evaluate(scrollThrough, { way, last: way === 'up' ? first : last, deadlineMs: 60_000 });
  const { numbers, largestMovePx, mostRows } = journey;
  // Where it goes wrong says more than thousands of numbers.
  const wrong = expected.findIndex((number, index) => numbers[index] !== number);
  expect({ wrong, there: numbers.slice(Math.max(0, wrong - 2), wrong + 3), count: numbers.length }).toEqual({
    wrong: -1,
    there: numbers.slice(0, 2),
    count: total,
  });
  expect(largestMovePx).toBeLessThanOrEqual(2);
  expect(mostRows).toBeLessThan(200);
}
