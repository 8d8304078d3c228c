// Some readers (held by the runner) stop reading; those here must not notice.
import { holdReaders, publisherOf, steadyOptions } from '../lib/scenario.ts';
import { settingsOf } from '../lib/settings.ts';
import { type Chat, setupChats } from '../lib/setup-chats.ts';

export { handleSummary } from '../lib/summary.ts';

const settings = settingsOf('slow-consumer');
const send = publisherOf(settings);

export const options = steadyOptions(settings);
export const setup = (): Chat[] => setupChats(settings);
export const hold = (chats: Chat[]): void => holdReaders(settings, chats);
export const publish = (chats: Chat[]): void => send(chats);
