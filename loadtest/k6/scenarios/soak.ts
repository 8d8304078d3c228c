// Steady traffic for long: the report shows whether memory grows or latency drifts.
import { holdReaders, publisherOf, steadyOptions } from '../lib/scenario.ts';
import { settingsOf } from '../lib/settings.ts';
import { type Chat, setupChats } from '../lib/setup-chats.ts';

export { handleSummary } from '../lib/summary.ts';

const settings = settingsOf('soak');
const send = publisherOf(settings);

export const options = steadyOptions(settings);
export const setup = (): Chat[] => setupChats(settings);
export const hold = (chats: Chat[]): void => holdReaders(settings, chats);
export const publish = (chats: Chat[]): void => send(chats);
