import type { ScenarioSettings } from './settings.ts';

/** The moments of a run, in milliseconds since the epoch. */
export type Phases = {
  readonly startMs: number;
  /** Publishing begins. */
  readonly publishMs: number;
  /** From here on latencies count. */
  readonly steadyMs: number;
  /** The last message is due; its retries may take a little longer. */
  readonly publishedMs: number;
};

/** Between the last connect and the first message. */
export const marginSeconds = 2;
const lastAnswersSeconds = 1;

export function phasesOf(settings: ScenarioSettings, startMs: number): Phases {
  const publishMs = startMs + (settings.connectSeconds + marginSeconds) * 1_000;
  const steadyMs = publishMs + settings.warmUpSeconds * 1_000;
  return { startMs, publishMs, steadyMs, publishedMs: steadyMs + (settings.steadySeconds + lastAnswersSeconds) * 1_000 };
}
