/** What each scenario is for, in the order of the help text. */
export const scenarios = {
  smoke: 'does everything work at all; some seconds',
  'connect-ramp': 'connects at a steady pace up to the full number; connect → ready',
  'steady-chat': 'small, middle and large chats at a constant rate',
  'fanout-large-group': 'groups of hundreds to thousands of readers',
  mixed: 'messages, edits, deletions, reads, history, readers that come and go',
  'reconnect-storm': 'every reader loses its connection at the same moment',
  'rolling-restart': 'one shard after the other is drained and started again',
  'slow-consumer': 'some readers stop reading; the others must not notice',
  soak: 'a long run: does memory grow, does latency drift',
  breakpoint: 'the rate rises until the objective breaks, then the gap is searched',
} as const;

export type ScenarioName = keyof typeof scenarios;

export const profiles = ['ci', 'laptop', 'staging', 'production'] as const;

export function isScenario(name: string): name is ScenarioName {
  return Object.hasOwn(scenarios, name);
}
