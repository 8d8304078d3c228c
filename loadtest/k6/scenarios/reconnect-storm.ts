// Every reader loses its connection in the same second and comes back, while messages go on.
import { holdReaders, publisherOf, steadyOptions } from '../lib/scenario.ts';
import { settingsOf } from '../lib/settings.ts';
import { type Chat, setupChats } from '../lib/setup-chats.ts';
import type { Play } from '../lib/socket-pool.ts';

export { handleSummary } from '../lib/summary.ts';

const settings = settingsOf('reconnect-storm');
const send = publisherOf(settings);

export const options = steadyOptions(settings, { isDisturbed: true, isCut: true });
export const setup = (): Chat[] => setupChats(settings);
export const hold = (chats: Chat[]): void => holdReaders(settings, chats, cutOnce());
export const publish = (chats: Chat[]): void => send(chats);

function cutOnce(): Play {
  let isDone = false;
  return {
    tick({ readers }, { steadyMs }, nowMs) {
      if (isDone || nowMs < steadyMs + (settings.faultAfterSeconds ?? 5) * 1_000) return;
      isDone = true;
      for (const reader of readers) reader.cut();
    },
  };
}
