// Some readers (held by the runner: k6 cannot stop reading) take nothing any more; those here must not notice.
import { holdReaders, holdScenario, optionsOf, publisherOf, publishScenario } from '../lib/scenario.ts';
import { settingsOf } from '../lib/settings.ts';
import { type Chat, setupChats } from '../lib/setup-chats.ts';
import type { Play } from '../lib/socket-pool.ts';
import { thresholdsOf } from '../lib/thresholds.ts';

export { handleSummary } from '../lib/summary.ts';

const settings = settingsOf('slow-consumer');
const send = publisherOf(settings);

export const options = optionsOf(
  { hold: holdScenario(settings), publish: publishScenario(settings) },
  {
    ...thresholdsOf(settings),
    'publish_to_receive_ms{phase:before}': ['max>=0'],
    'publish_to_receive_ms{phase:stalled}': ['max>=0'],
  },
);
export const setup = (): Chat[] => setupChats(settings);
export const hold = (chats: Chat[]): void => holdReaders(settings, chats, beforeAndStalled);
export const publish = (chats: Chat[]): void => send(chats);

/** The healthy readers' latency is compared between the two. */
const beforeAndStalled: Play = {
  tags(intendedMs, { steadyMs }) {
    if (intendedMs < steadyMs) return undefined;
    return { phase: intendedMs < steadyMs + (settings.faultAfterSeconds ?? 0) * 1_000 ? 'before' : 'stalled' };
  },
};
