import type { ScenarioSettings } from './settings.ts';

/** One rate of `breakpoint`, and when it is published at, in seconds from the first message. */
export type Step = { readonly name: string; readonly rate: number; readonly startSeconds: number; readonly seconds: number };

const pauseSeconds = 2;

/** LOAD_RATES where a runner searches between two steps, else a ladder: each rate is `stepFactor` times the one before. */
export function stepsOf({ rate, steadySeconds, stepFactor = 1.5, steps = 6 }: ScenarioSettings): Step[] {
  const given = (__ENV['LOAD_RATES'] ?? '').split(',').filter((text) => text !== '');
  const rates = given.length > 0 ? given.map(Number) : Array.from({ length: steps }, (_, n) => Math.round(rate * stepFactor ** n));
  return rates.map((of, n) => ({ name: `step_${of}`, rate: of, startSeconds: n * (steadySeconds + pauseSeconds), seconds: steadySeconds }));
}

/** The same settings, as long as all steps together. */
export function settingsOfAll(settings: ScenarioSettings): ScenarioSettings {
  const steps = stepsOf(settings);
  return { ...settings, warmUpSeconds: 0, steadySeconds: steps.length * (settings.steadySeconds + pauseSeconds) };
}

export function stepAt(steps: readonly Step[], seconds: number): Step | undefined {
  return steps.find(({ startSeconds, seconds: length }) => seconds >= startSeconds && seconds < startSeconds + length);
}
