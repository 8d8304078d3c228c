// What people do in chats: most write, some edit, delete, read or scroll back, and readers come and go all the time.

import { Publisher, type Turn } from '../lib/publisher.ts';
import { holdReaders, holdScenario, optionsOf, publishScenario } from '../lib/scenario.ts';
import { type ScenarioSettings, settingsOf } from '../lib/settings.ts';
import { type Chat, setupChats } from '../lib/setup-chats.ts';
import type { Play } from '../lib/socket-pool.ts';
import { thresholdsOf } from '../lib/thresholds.ts';

export { handleSummary } from '../lib/summary.ts';

const settings: ScenarioSettings = settingsOf('mixed');
const publisher = new Publisher(settings);
/** The last message that this VU wrote in each chat. */
const lastMessage = new Map<string, string>();

export const options = optionsOf(
  { hold: holdScenario(settings), publish: publishScenario(settings) },
  thresholdsOf(settings, { isDisturbed: true, isCut: true, isOpenEnded: true }),
);
export const setup = (): Chat[] => setupChats(settings);
export const hold = (chats: Chat[]): void => holdReaders(settings, chats, comeAndGo);

export function publish(chats: Chat[]): void {
  const turn = publisher.turn(chats, settings.rate);
  const messageId = lastMessage.get(turn.chat.id);
  const kind = turn.n % 20;
  if (messageId === undefined || kind < 14) lastMessage.set(turn.chat.id, publisher.send(turn) ?? '');
  else if (kind < 16) publisher.edit(turn, messageId);
  else if (kind < 17) remove(turn, messageId);
  else if (kind < 19) publisher.read(turn, `/v1/chats/${turn.chat.id}/messages?limit=50`, 'history');
  else publisher.markRead(turn);
}

function remove(turn: Turn, messageId: string): void {
  publisher.write(turn, { method: 'DELETE', path: `/v1/chats/${turn.chat.id}/messages/${messageId}`, name: 'delete' });
  lastMessage.delete(turn.chat.id);
}

/** A share of the readers goes in each second: at least one now and then. */
const comeAndGo: Play = {
  tick({ readers }, { steadyMs, publishedMs }, nowMs) {
    if (nowMs < steadyMs || nowMs > publishedMs - 5_000) return;
    for (const reader of readers) if (Math.random() < (settings.churnPerSecond ?? 0.01)) reader.cut();
  },
};
