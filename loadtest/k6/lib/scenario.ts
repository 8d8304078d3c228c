import exec from 'k6/execution';
import type { Options, Scenario } from 'k6/options';
import { readerCount } from './audience.ts';
import { marginSeconds } from './phases.ts';
import { Publisher } from './publisher.ts';
import { profile, type ScenarioSettings } from './settings.ts';
import type { Chat } from './setup-chats.ts';
import { type Play, SocketPool } from './socket-pool.ts';
import { type Kind, type Thresholds, thresholdsOf } from './thresholds.ts';

const trendStats = ['count', 'min', 'avg', 'med', 'p(90)', 'p(99)', 'p(99.9)', 'max'];

/** What most scenarios share: readers that connect and stay, and messages at a constant rate once all are there. */
export function steadyOptions(settings: ScenarioSettings, kind: Kind = {}): Options {
  return optionsOf({ hold: holdScenario(settings), publish: publishScenario(settings) }, thresholdsOf(settings, kind));
}

export function optionsOf(scenarios: Record<string, Scenario>, thresholds: Thresholds): Options {
  return { scenarios, thresholds, summaryTrendStats: trendStats, setupTimeout: '120s' };
}

/** One long iteration per VU: it lasts while its sockets are open. */
export function holdScenario(settings: ScenarioSettings): Scenario {
  const vus = Math.ceil(readerCount(settings) / profile.socketsPerVu);
  const seconds = settings.connectSeconds + marginSeconds + settings.warmUpSeconds + settings.steadySeconds + settings.settleSeconds;
  return { executor: 'shared-iterations', exec: 'hold', vus, iterations: vus, maxDuration: `${seconds + 60}s`, gracefulStop: '5s' };
}

/** Seconds from the first connect to the first message. */
export function startOfPublishing(settings: ScenarioSettings): number {
  return settings.connectSeconds + marginSeconds;
}

export function publishScenario(
  settings: ScenarioSettings,
  overrides: Partial<{ rate: number; startSeconds: number; seconds: number }> = {},
): Scenario {
  const rate = overrides.rate ?? settings.rate;
  return {
    executor: 'constant-arrival-rate',
    exec: 'publish',
    rate,
    timeUnit: '1s',
    startTime: `${overrides.startSeconds ?? startOfPublishing(settings)}s`,
    duration: `${overrides.seconds ?? settings.warmUpSeconds + settings.steadySeconds}s`,
    preAllocatedVUs: Math.min(400, Math.max(20, rate * 2)),
    maxVUs: Math.min(1_000, Math.max(50, rate * 4)),
    gracefulStop: '30s',
  };
}

export function holdReaders(settings: ScenarioSettings, chats: readonly Chat[], play: Play = {}): void {
  new SocketPool(settings, chats, exec.scenario.iterationInTest, play).hold();
}

/** One message per iteration. The publisher lives as long as its VU. */
export function publisherOf(settings: ScenarioSettings): (chats: readonly Chat[]) => void {
  const publisher = new Publisher(settings);
  return (chats) => void publisher.send(publisher.turn(chats, settings.rate));
}
