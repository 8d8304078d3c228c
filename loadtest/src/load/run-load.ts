import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { StartError } from '@carillon/runtime';
import { provideTool, removeFolder } from '@carillon/testkit';
import { ratesBetween, stepsOf } from './breakpoint.ts';
import { K6Process } from './k6-process.ts';
import { K6Summary } from './k6-summary.ts';
import type { LoadOptions } from './load-options.ts';
import { givenTarget, ownTarget } from './load-target.ts';
import { quietMachine } from './process-samples.ts';
import { readProfile } from './profile.ts';
import type { LoadResult } from './result.ts';
import { resultOf } from './result-of.ts';
import { RunWatch } from './run-watch.ts';

const thresholdCrossed = 99;

/**
 * One run: a target, k6 against it, a look at everything once a second, and the result. Whatever was started here is stopped
 * when it returns or throws.
 */
export async function runLoad(options: LoadOptions, announce: (text: string) => void): Promise<LoadResult> {
  const { profile, settings } = readProfile(options.profile, options.scenario);
  const program = await provideTool('k6', announce);
  const isJudged = profile.latencyFactor !== null;
  const startPressurePercent = await quietMachine(isJudged ? profile.validity.startPressurePercent : Number.POSITIVE_INFINITY, announce);
  await using target = await (options.target === undefined
    ? ownTarget(profile, settings, announce)
    : Promise.resolve(givenTarget(options.target, options.metrics)));
  announce(`${options.scenario} on ${target.description}, profile ${options.profile}`);
  await using watch = new RunWatch({ options, settings, target, announce });
  const summary = await runK6(program, watch, {});
  const steps = stepsOf(summary);
  const rates = ratesBetween(steps);
  if (rates.length > 0) {
    announce(`searching between the steps: ${rates.join(', ')} messages/s …`);
    steps.push(...stepsOf(await runK6(program, watch, { LOAD_RATES: rates.join(',') })));
  }
  steps.sort((a, b) => a.rate - b.rate);
  return resultOf({ options, profile, settings, target: target.description, watch, summary, steps, startPressurePercent });
}

async function runK6(program: string, watch: RunWatch, extra: Readonly<Record<string, string>>): Promise<K6Summary> {
  const folder = mkdtempSync(join(tmpdir(), 'carillon-load-'));
  try {
    const file = join(folder, 'summary.json');
    const env = { ...watch.beginK6(), ...extra, LOAD_SUMMARY: file };
    await using k6 = new K6Process({ program, scenario: watch.scenario, env, onLine: (line) => watch.take(line) });
    const code = await watch.follow(k6);
    const summary = K6Summary.read(file);
    if (summary === undefined || (code !== 0 && code !== thresholdCrossed))
      throw new StartError(`k6 ended with code ${code}:\n${watch.lastLines.join('\n')}`);
    return summary;
  } finally {
    removeFolder(folder);
  }
}
