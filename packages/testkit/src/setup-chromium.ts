import type { TestProject } from 'vitest/node';
import { announceOnStderr } from './announce-on-stderr.ts';
import type {} from './provided-urls.ts';
import { provideChromium } from './provision.ts';

/** vitest's global setup: the browser of the browser tests, installed where it is missing. */
export default async function setup(project: TestProject): Promise<void> {
  project.provide('chromium', await provideChromium(announceOnStderr));
}
