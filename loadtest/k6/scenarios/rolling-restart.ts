// Shards are drained and started again one after the other, while messages go on: by the runner, or by whoever restarts the target.
import { holdReaders, publisherOf, steadyOptions } from '../lib/scenario.ts';
import { settingsOf } from '../lib/settings.ts';
import { type Chat, setupChats } from '../lib/setup-chats.ts';

export { handleSummary } from '../lib/summary.ts';

const settings = settingsOf('rolling-restart');
const send = publisherOf(settings);

export const options = steadyOptions(settings, { isDisturbed: true, isRebalanced: true });
export const setup = (): Chat[] => setupChats(settings);
export const hold = (chats: Chat[]): void => holdReaders(settings, chats);
export const publish = (chats: Chat[]): void => send(chats);
