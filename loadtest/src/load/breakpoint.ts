import type { K6Summary } from './k6-summary.ts';
import type { Step } from './result.ts';

const trend = 'publish_to_receive_ms';
const parts = 4;

/** The steps that a run of `breakpoint` got to: a step holds if its limit and its schedule did. */
export function stepsOf(summary: K6Summary): Step[] {
  const crossed = new Set(summary.checks().flatMap(({ metric, ok }) => (ok ? [] : [metric])));
  const found = Object.entries(summary.byTag(trend, 'step')).map(([name, latencyMs]) => {
    const held = !crossed.has(`${trend}{step:${name}}`) && !crossed.has(`dropped_iterations{scenario:${name}}`);
    return { rate: Number(name.replace('step_', '')), held, latencyMs };
  });
  return found.sort((a, b) => a.rate - b.rate);
}

/** Rates between the last step that held and the first that did not, evenly; none where there is nothing to search. */
export function ratesBetween(steps: readonly Step[]): number[] {
  const broken = steps.find(({ held }) => !held);
  const good = steps.filter(({ rate, held }) => held && (broken === undefined || rate < broken.rate)).at(-1);
  if (broken === undefined || good === undefined) return [];
  const rates = Array.from({ length: parts - 1 }, (_, n) => Math.round(good.rate + ((n + 1) * (broken.rate - good.rate)) / parts));
  return [...new Set(rates)].filter((rate) => rate > good.rate && rate < broken.rate);
}
