// The rate rises step by step until the objective breaks; the runner then searches between the last good step and that one.
import exec from 'k6/execution';
import { Publisher } from '../lib/publisher.ts';
import { holdReaders, holdScenario, optionsOf, publishScenario, startOfPublishing } from '../lib/scenario.ts';
import { objectives, profile, settingsOf } from '../lib/settings.ts';
import { type Chat, setupChats } from '../lib/setup-chats.ts';
import { settingsOfAll, stepAt, stepsOf } from '../lib/steps.ts';
import { always, byAudience, percent, type Thresholds } from '../lib/thresholds.ts';

export { handleSummary } from '../lib/summary.ts';

const ofOneStep = settingsOf('breakpoint');
const settings = settingsOfAll(ofOneStep);
const steps = stepsOf(ofOneStep);
const publisher = new Publisher(settings);
/** The run ends at the step that breaks, so nobody asks at its end what came: `reach` has no samples. */
const { reach: _cutShort, ...whatHolds } = always;
const limitMs = objectives.delivery.threshold_seconds * 1_000 * (profile.latencyFactor ?? 1);

export const options = optionsOf(
  {
    hold: holdScenario(settings),
    ...Object.fromEntries(
      steps.map(({ name, rate, startSeconds, seconds }) => {
        const at = { rate, startSeconds: startOfPublishing(settings) + startSeconds, seconds };
        return [name, publishScenario(settings, at)] as const;
      }),
    ),
  },
  { ...whatHolds, ...byAudience(settings), ...limitsOfSteps() },
);
export const setup = (): Chat[] => setupChats(settings);
export const publish = (chats: Chat[]): void => {
  const step = steps.find(({ name }) => name === exec.scenario.name);
  publisher.send(publisher.turn(chats, step?.rate ?? settings.rate));
};
export const hold = (chats: Chat[]): void =>
  holdReaders(settings, chats, {
    tags: (intendedMs, { publishMs }) => {
      const step = stepAt(steps, (intendedMs - publishMs) / 1_000);
      return step === undefined ? undefined : { step: step.name };
    },
  });

/** A step that breaks the objective ends the run: what comes after it would only be worse. */
function limitsOfSteps(): Thresholds {
  const threshold = `p(${percent(objectives.delivery.objective)})<${limitMs}`;
  return Object.fromEntries(
    steps.flatMap(({ name }) => [
      [`publish_to_receive_ms{step:${name}}`, [{ threshold, abortOnFail: true, delayAbortEval: '5s' }]],
      [`dropped_iterations{scenario:${name}}`, ['count==0']],
    ]),
  );
}
