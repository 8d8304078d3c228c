import { run, type ScenarioSettings } from './settings.ts';

/** One chat: `audience` connected readers, and a sender who holds no socket, so that each message has `audience` deliveries. */
export type Group = { readonly index: number; readonly audience: number; readonly firstReader: number };

export function groupsOf({ audiences }: ScenarioSettings): Group[] {
  const groups: Group[] = [];
  let firstReader = 0;
  for (const { audience, groups: count } of audiences) {
    for (let n = 0; n < count; n += 1) {
      groups.push({ index: groups.length, audience, firstReader });
      firstReader += audience;
    }
  }
  return groups;
}

export function readerCount({ audiences }: ScenarioSettings): number {
  return audiences.reduce((sum, { audience, groups }) => sum + audience * groups, 0);
}

/** Deliveries per message, on average: the groups take turns. */
export function meanAudience(settings: ScenarioSettings): number {
  return readerCount(settings) / settings.audiences.reduce((sum, { groups }) => sum + groups, 0);
}

export function readerName(index: number): string {
  return `load-${run}-r${index}`;
}

export function senderName(group: Group): string {
  return `load-${run}-s${group.index}`;
}
