// One message, hundreds to thousands of deliveries: how late is the last one?
import { holdReaders, publisherOf, steadyOptions } from '../lib/scenario.ts';
import { settingsOf } from '../lib/settings.ts';
import { type Chat, setupChats } from '../lib/setup-chats.ts';

export { handleSummary } from '../lib/summary.ts';

const settings = settingsOf('fanout-large-group');
const send = publisherOf(settings);

export const options = steadyOptions(settings);
export const setup = (): Chat[] => setupChats(settings);
export const hold = (chats: Chat[]): void => holdReaders(settings, chats);
export const publish = (chats: Chat[]): void => send(chats);
