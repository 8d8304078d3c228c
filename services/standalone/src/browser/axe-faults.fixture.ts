import axe from 'axe-core';
import type { Page } from 'playwright-core';

/** What axe finds on the page as it is: each rule with the elements that break it. */
export async function axeFaults(page: Page): Promise<string[]> {
  await page.evaluate(axe.source);
  return page.evaluate(async () => {
    const run = Reflect.get(globalThis, 'axe').run;
    const result = await run(document, { resultTypes: ['violations'] });
    return result.violations.map(
      (found: { id: string; nodes: { html: string }[] }) => `${found.id}: ${found.nodes.map((node) => node.html).join(' ')}`,
    );
  });
}
